"""KIA0601, KIA0602, KIA0701: a Service's ports say their protocol, and somebody listens there."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    MANAGED_BY,
    SERVICE,
    Body,
    Cluster,
    Object,
    PodLike,
    mappings,
    string_map,
    text,
)
from routing.checks.istio.port_names import APP_PROTOCOLS, PROTOCOLS
from routing.checks.rule import found


def service_ports(cluster: Cluster) -> Iterator[Finding]:
    for service in cluster.of(SERVICE):
        if MANAGED_BY in service.labels:
            continue
        selector = string_map(service.spec, "selector")
        pods = cluster.workloads_with(selector, service.namespace) if selector else []
        for i, port in mappings(service.spec, "ports"):
            yield from named(service, f"spec.ports[{i}]", port)
            if pods and not any(listens(pod, port) for pod in pods):
                target = port.get("targetPort", port.get("port"))
                yield found("KIA0701", service, f"spec.ports[{i}].targetPort", target)


def named(service: Object, path: str, port: Body) -> Iterator[Finding]:
    name, protocol = text(port, "name"), port.get("appProtocol")
    if protocol is not None:
        if str(protocol).lower() not in APP_PROTOCOLS:
            yield found("KIA0602", service, f"{path}.appProtocol", protocol)
    elif text(port, "protocol").upper() != "UDP" and not starts_with_protocol(name):
        yield found("KIA0601", service, f"{path}.name", name)


def starts_with_protocol(name: str) -> bool:
    return any(name == p or name.startswith(f"{p}-") for p in PROTOCOLS)


def listens(pod: PodLike, port: Body) -> bool:
    """Whether a container has the target port by number or name; none that says ports: yes."""
    target = port.get("targetPort") or port.get("port")
    ports = [p for c in pod.all_containers for _, p in mappings(c, "ports")]
    return any(target in (p.get("containerPort"), p.get("name")) for p in ports)
