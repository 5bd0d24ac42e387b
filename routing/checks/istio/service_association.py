"""IST0116, IST0137: Services that see one workload's port differently."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    DEPLOYMENT,
    NAMESPACE,
    SERVICE,
    Body,
    Cluster,
    Object,
    PodLike,
    mappings,
    number,
    string_map,
    template_of,
    text,
)
from routing.checks.istio.injection import is_injected
from routing.checks.istio.injector import injected_by_default
from routing.checks.rule import found

SEEN = tuple[Object, Body]
"""A Service and one of its ports."""


def service_association(cluster: Cluster) -> Iterator[Finding]:
    by_default = injected_by_default(cluster)
    injected = {n.name for n in cluster.of(NAMESPACE) if is_injected(n, by_default)}
    services: dict[str, list[Object]] = {}
    for service in cluster.of(SERVICE):
        services.setdefault(service.namespace, []).append(service)
    for deployment in cluster.of(DEPLOYMENT):
        pod = template_of(deployment)
        if in_mesh(pod, injected):
            ports = [
                (service, port)
                for service in services.get(pod.namespace, ())
                if selects_pod(service, pod.labels)
                for _, port in mappings(service.spec, "ports")
            ]
            yield from different_protocols(deployment, ports)
            yield from different_ports(deployment, ports)


def in_mesh(pod: PodLike, injected: set[str]) -> bool:
    name = "sidecar.istio.io/inject"
    said = pod.labels.get(name, pod.annotations.get(name))
    return said == "true" or (said != "false" and pod.namespace in injected)


def selects_pod(service: Object, labels: Mapping[str, str]) -> bool:
    selector = string_map(service.spec, "selector")
    return bool(selector) and selector.items() <= labels.items()


def different_protocols(deployment: Object, ports: list[SEEN]) -> Iterator[Finding]:
    by_port: dict[int, set[str]] = {}
    for _, port in ports:
        by_port.setdefault(number(port, "port") or 0, set()).add(text(port, "protocol") or "TCP")
    for at, protocols in by_port.items():
        if len(protocols) > 1:
            words = (deployment.name, at, ", ".join(sorted(protocols)))
            yield found("IST0116", deployment, "", *words)


def different_ports(deployment: Object, ports: list[SEEN]) -> Iterator[Finding]:
    by_target: dict[str, list[SEEN]] = {}
    for service, port in ports:
        target = port.get("targetPort")
        if target not in (None, 0, ""):
            by_target.setdefault(str(target), []).append((service, port))
    for target, seen in by_target.items():
        numbers = sorted({number(port, "port") or 0 for _, port in seen})
        names = sorted({service.name for service, _ in seen})
        if len(numbers) > 1 and len(names) > 1:
            yield found("IST0137", deployment, "", deployment.name, names, target, numbers)
