"""IST0140: rules for a host in the mesh have no effect on what a gateway sends to it."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import VIRTUAL_SERVICE, Cluster, Object, full_name, text, texts
from routing.checks.istio.routes import destinations, gateways_of, host_of, in_mesh
from routing.checks.rule import found


def ingress_rules(cluster: Cluster) -> Iterator[Finding]:
    ruled: dict[str, list[Object]] = {}
    for service in cluster.of(VIRTUAL_SERVICE):
        if in_mesh(service) and any(text(d, "subset") for _, d in destinations(service)):
            for host in texts(service.spec, "hosts"):
                ruled.setdefault(full_name(host, service.namespace), []).append(service)
    for service in cluster.of(VIRTUAL_SERVICE):
        if in_mesh(service):
            continue
        for path, destination in destinations(service, mirrors=False):
            full = full_name(host_of(destination), service.namespace)
            if not text(destination, "subset") and full in ruled:
                words = (ruled[full][0].full, ", ".join(gateways_of(service)))
                yield found("IST0140", service, path, *words)
                break
