"""What the sidecar injector's configuration says (ConfigMap `istio-sidecar-injector`)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from routing.checks.cluster import CONFIG_MAP, Cluster, Object, part, text

NAME = "istio-sidecar-injector"


def injectors(cluster: Cluster) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each injector's revision and values."""
    for one in cluster.of(CONFIG_MAP):
        if one.namespace == cluster.root_namespace and one.name.startswith(NAME):
            yield revision(one), values(one)


def revision(config: Object) -> str:
    suffix = config.name.removeprefix(NAME).removeprefix("-")
    return config.labels.get("istio.io/rev") or suffix or "default"


def values(config: Object) -> Mapping[str, Any]:
    try:
        given = json.loads(text(part(config.body, "data"), "values") or "{}")
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def injected_by_default(cluster: Cluster) -> bool:
    return any(
        part(given, "sidecarInjectorWebhook").get("enableNamespacesByDefault") is True
        for _, given in injectors(cluster)
    )


def proxy_image(given: Mapping[str, Any]) -> str | None:
    """The sidecar's image that an injector would use."""
    everywhere = part(given, "global")
    image = text(part(everywhere, "proxy"), "image") or "proxyv2"
    if "/" in image:
        return image
    hub, tag = everywhere.get("hub"), everywhere.get("tag")
    return f"{hub}/{image}:{tag}" if hub and tag else None
