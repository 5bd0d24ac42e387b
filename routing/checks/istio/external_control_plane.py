"""IST0163, IST0164: webhooks of an external control plane need the host name of its gateway."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from rest.contracts import Finding
from routing.checks.cluster import Cluster, Object, mappings, part, text
from routing.checks.istio.image_auto import MUTATING
from routing.checks.rule import found

VALIDATING = ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")
PREFIXES = {
    VALIDATING: ("istio-validator", "istiod-default-validator"),
    MUTATING: ("istio-sidecar-injector",),
}


def external_control_plane(cluster: Cluster) -> Iterator[Finding]:
    for kind, names in PREFIXES.items():
        for configuration in cluster.of(kind):
            if configuration.name.startswith(names):
                yield from check(configuration)


def check(configuration: Object) -> Iterator[Finding]:
    for i, webhook in mappings(configuration.body, "webhooks"):
        client = part(webhook, "clientConfig")
        if client.get("service"):
            continue
        name, path = text(webhook, "name"), f"webhooks[{i}].clientConfig.url"
        host = host_of(text(client, "url"))
        if not host:
            yield found("IST0163", configuration, path, host, name, "is blank")
        elif is_address(host):
            yield found("IST0164", configuration, path, host, name)
        elif "." not in host:
            yield found("IST0163", configuration, path, host, name, "is not a host name")


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
