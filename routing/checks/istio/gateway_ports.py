"""IST0162: a Gateway's port that no Service of its workloads offers."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    GATEWAY,
    SERVICE,
    Cluster,
    Object,
    mappings,
    number,
    part,
    string_map,
    text,
)
from routing.checks.istio.service_association import selects_pod
from routing.checks.rule import found


def gateway_ports(cluster: Cluster) -> Iterator[Finding]:
    by_namespace: dict[str, list[Object]] = {}
    for service in cluster.of(SERVICE):
        by_namespace.setdefault(service.namespace, []).append(service)
    for gateway in cluster.of(GATEWAY):
        selector = string_map(gateway.spec, "selector")
        pods = cluster.workloads_with(selector) if selector else []
        offered = {
            port
            for pod in pods
            for service in by_namespace.get(pod.namespace, ())
            if selects_pod(service, pod.labels)
            for port in ports_of(service)
        }
        if pods:
            yield from missing(gateway, offered, selector)


def ports_of(service: Object) -> Iterator[int]:
    """Both numbers of each port: a gateway may name what clients or what pods see."""
    for _, port in mappings(service.spec, "ports"):
        if (text(port, "protocol") or "TCP") == "TCP":
            for key in ("port", "targetPort"):
                given = number(port, key)
                if given:
                    yield given


def missing(gateway: Object, offered: set[int], selector: Mapping[str, str]) -> Iterator[Finding]:
    labels = ",".join(f"{k}={v}" for k, v in sorted(selector.items()))
    for i, server in mappings(gateway.spec, "servers"):
        port = number(part(server, "port"), "number")
        if port is not None and port not in offered:
            yield found("IST0162", gateway, f"spec.servers[{i}].port.number", port, labels)
