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

Labels = frozenset[tuple[str, str]]
Seen = tuple[str, Labels]
"""Namespace and labels of pods that are all the same to Services."""


def gateway_ports(cluster: Cluster) -> Iterator[Finding]:
    by_namespace: dict[str, list[Object]] = {}
    for service in cluster.of(SERVICE):
        by_namespace.setdefault(service.namespace, []).append(service)
    by_pod: dict[Seen, frozenset[int]] = {}
    by_selector: dict[Labels, frozenset[int] | None] = {}
    for gateway in cluster.of(GATEWAY):
        selector = string_map(gateway.spec, "selector")
        key = frozenset(selector.items())
        if key not in by_selector:
            pods = {
                (p.namespace, frozenset(p.labels.items())) for p in cluster.workloads_with(selector)
            }
            for pod in pods - by_pod.keys():
                by_pod[pod] = offered(by_namespace.get(pod[0], []), dict(pod[1]))
            by_selector[key] = frozenset().union(*(by_pod[p] for p in pods)) if pods else None
        ports = by_selector[key]
        if selector and ports is not None:
            yield from missing(gateway, ports, selector)


def offered(services: list[Object], labels: Mapping[str, str]) -> frozenset[int]:
    """The ports of all Services that select a pod with these labels."""
    return frozenset(p for s in services if selects_pod(s, labels) for p in ports_of(s))


def ports_of(service: Object) -> Iterator[int]:
    """Both numbers of each port: a gateway may name what clients or what pods see."""
    for _, port in mappings(service.spec, "ports"):
        if (text(port, "protocol") or "TCP") == "TCP":
            for key in ("port", "targetPort"):
                given = number(port, key)
                if given:
                    yield given


def missing(
    gateway: Object, ports: frozenset[int], selector: Mapping[str, str]
) -> Iterator[Finding]:
    labels = ",".join(f"{k}={v}" for k, v in sorted(selector.items()))
    for i, server in mappings(gateway.spec, "servers"):
        port = number(part(server, "port"), "number")
        if port is not None and port not in ports:
            yield found("IST0162", gateway, f"spec.servers[{i}].port.number", port, labels)
