"""KIA1106: several VirtualServices for one host at one gateway."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import VIRTUAL_SERVICE, Cluster, Object, full_name, texts
from routing.checks.istio.mesh_hosts import meet
from routing.checks.istio.routes import gateway_key, gateways_of
from routing.checks.rule import found

Place = tuple[str, str]
"""Namespace and name of a gateway; of the mesh itself ("", "mesh")."""


def virtual_service_duplicates(cluster: Cluster) -> Iterator[Finding]:
    claims: dict[tuple[str, Place], list[Object]] = {}
    for service in cluster.of(VIRTUAL_SERVICE):
        for host in texts(service.spec, "hosts"):
            for place in places(service):
                full = full_name(host, service.namespace)
                claims.setdefault((full, place), []).append(service)
    seen: set[tuple[str, str]] = set()
    for (host, (_, gateway)), members in claims.items():
        for service in members:
            other = next((o for o in members if o is not service and meet(service, o)), None)
            if other is not None and (service.full, host) not in seen:
                seen.add((service.full, host))
                yield found("KIA1106", service, "spec.hosts", other.full, host, gateway)


def places(service: Object) -> set[Place]:
    return {
        ("", "mesh") if name == "mesh" else gateway_key(name, service.namespace)
        for name in gateways_of(service)
    }
