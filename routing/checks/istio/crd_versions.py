"""IST0176: Gateway API definitions that are older than Istio needs."""

import re
from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import GATEWAY_API, Cluster, part, text
from routing.checks.rule import found

DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
MINIMUM = {"TLSRoute": (1, 5, 0), "BackendTLSPolicy": (1, 4, 0), "XListenerSet": (1, 3, 0)}
"""The oldest bundle whose resources of a kind are processed; other kinds are old enough."""

MINIMUM_OF_OTHERS = (1, 0, 0)
VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
BUNDLE = "gateway.networking.k8s.io/bundle-version"


def crd_versions(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.of(DEFINITION):
        if text(one.spec, "group") != GATEWAY_API:
            continue
        kind, bundle = text(part(one.spec, "names"), "kind"), one.annotations.get(BUNDLE, "")
        least = MINIMUM.get(kind, MINIMUM_OF_OTHERS)
        version = VERSION.match(bundle)
        if version and tuple(int(n or 0) for n in version.groups()) < least:
            words = (one.name, bundle, "v" + ".".join(map(str, least)))
            yield found("IST0176", one, f"metadata.annotations.{BUNDLE}", *words)
