"""IST0118, IST0150: a Service's port says its protocol."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    MANAGED_BY,
    SERVICE,
    Body,
    Cluster,
    Object,
    mappings,
    number,
    text,
)
from routing.checks.istio.injection import SYSTEM_NAMESPACES
from routing.checks.rule import found

PROTOCOLS = frozenset(
    {"tcp", "udp", "tls", "http", "http2", "https", "http_proxy", "grpc", "grpc-web"}
    | {"mongo", "redis", "mysql", "hbone", "double-hbone"}
)
APP_PROTOCOLS = PROTOCOLS | {"kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"}
WELL_KNOWN = frozenset({25, 53, 3306, 27017})
"""Ports whose servers speak first, and are taken as TCP: SMTP, DNS, MySQL, MongoDB."""


def port_names(cluster: Cluster) -> Iterator[Finding]:
    for service in cluster.of(SERVICE):
        if is_of_the_system(service):
            continue
        external = text(service.spec, "type") == "ExternalName"
        for i, port in mappings(service.spec, "ports"):
            name = text(port, "name")
            if external and (name == "tcp" or not is_known(port)):
                yield found("IST0150", service, f"spec.ports[{i}].name")
            elif not is_known(port):
                words = (name or '""', port.get("port"), port.get("targetPort", "0"))
                yield found("IST0118", service, f"spec.ports[{i}].name", *words)


def is_of_the_system(service: Object) -> bool:
    labels = service.labels
    return (
        service.namespace in SYSTEM_NAMESPACES
        or bool(labels.get("istio"))
        or labels.get("release") == "istio"
        or labels.get("operator.istio.io/component") is not None
        or MANAGED_BY in labels
    )


def is_known(port: Body) -> bool:
    if (text(port, "protocol") or "TCP").upper() == "UDP":
        return True
    given = text(port, "appProtocol")
    if given:
        return given.lower() in APP_PROTOCOLS
    name = text(port, "name").lower()
    prefix = "grpc-web" if name.startswith("grpc-web") else name.partition("-")[0]
    return prefix in PROTOCOLS or number(port, "port") in WELL_KNOWN
