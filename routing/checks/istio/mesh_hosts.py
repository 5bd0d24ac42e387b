"""IST0109: two VirtualServices that route the same host in the mesh."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    VIRTUAL_SERVICE,
    Cluster,
    Object,
    full_name,
    texts,
    wild_match,
)
from routing.checks.istio.routes import in_mesh
from routing.checks.rule import RIVALS, found, named

Claims = dict[str, list[Object]]


def mesh_hosts(cluster: Cluster) -> Iterator[Finding]:
    claims: Claims = {}
    for service in cluster.of(VIRTUAL_SERVICE):
        if in_mesh(service):
            for host in texts(service.spec, "hosts"):
                claims.setdefault(full_name(host, service.namespace), []).append(service)
    wildcards = [host for host in claims if host.startswith("*")]
    for host, services in claims.items():
        near = [w for w in wildcards if w != host and wild_match(w, host)]
        if not host.startswith("*"):
            near = []  # a host of its own is more specific than a wildcard
        rivals = [*services, *(s for w in near for s in claims[w])][:RIVALS]
        for service in services:
            others = [o for o in rivals if o is not service and meet(service, o)]
            if others:
                names = named(o.full for o in others)
                yield found("IST0109", service, "spec.hosts", names, host)


def meet(one: Object, other: Object) -> bool:
    """Whether some namespace sees both."""
    mine, theirs = scope(one), scope(other)
    return "*" in mine or "*" in theirs or bool(mine & theirs)


def scope(service: Object) -> frozenset[str]:
    exported = texts(service.spec, "exportTo") or ["*"]
    return frozenset(service.namespace if e == "." else e for e in exported)
