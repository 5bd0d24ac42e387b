"""IST0101, IST0112: what a VirtualService sends traffic to exists, and its port is clear."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    SERVICE,
    SERVICE_ENTRY,
    VIRTUAL_SERVICE,
    Body,
    Cluster,
    Object,
    full_name,
    mappings,
    number,
    part,
)
from routing.checks.istio.routes import destinations, host_of
from routing.checks.rule import found


def virtual_service_hosts(cluster: Cluster) -> Iterator[Finding]:
    if not has_registry(cluster):
        return
    for service in cluster.of(VIRTUAL_SERVICE):
        for path, destination in destinations(service):
            host = host_of(destination)
            if host:
                yield from check(cluster, service, path, destination, host)


def has_registry(cluster: Cluster) -> bool:
    """Whether the objects say anything of what services there are.

    Routes alone, with the control plane's own Services at most, name hosts of a registry that
    was not given: nothing can be said about them (Kiali's KIA1101 says it all the same).
    """
    if next(cluster.of(SERVICE_ENTRY), None) is not None:
        return True
    return any(s.namespace != cluster.root_namespace for s in cluster.of(SERVICE))


def check(
    cluster: Cluster, service: Object, path: str, destination: Body, host: str
) -> Iterator[Finding]:
    target = behind(cluster, host, service.namespace)
    if target is None:
        yield found("IST0101", service, f"{path}.host", "host", host)
        return
    ports = [number(p, "port") or number(p, "number") for _, p in mappings(target.spec, "ports")]
    if len(ports) > 1 and not part(destination, "port"):
        yield found("IST0112", service, path, host, ", ".join(str(p) for p in ports))


def behind(cluster: Cluster, host: str, namespace: str) -> Object | None:
    """The Service or ServiceEntry that a host means to a namespace."""
    full = full_name(host, namespace)
    service = cluster.service_hosts.get(full)
    if service is not None:
        return service
    entries = cluster.entries_of(host, namespace) or cluster.entries_of(full, namespace)
    return entries[0] if entries else None
