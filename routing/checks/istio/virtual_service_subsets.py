"""IST0101: the subset that a VirtualService names is defined in a DestinationRule."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    DESTINATION_RULE,
    VIRTUAL_SERVICE,
    Cluster,
    full_name,
    mappings,
    text,
)
from routing.checks.istio.routes import destinations, host_of
from routing.checks.rule import found


def virtual_service_subsets(cluster: Cluster) -> Iterator[Finding]:
    known = subsets(cluster)
    for service in cluster.of(VIRTUAL_SERVICE):
        for path, destination in destinations(service):
            host, subset = host_of(destination), text(destination, "subset")
            if subset and (full_name(host, service.namespace), subset) not in known:
                yield found("IST0101", service, f"{path}.subset", "subset", f"{host}+{subset}")


def subsets(cluster: Cluster) -> set[tuple[str, str]]:
    """Full host and subset name of all that are defined."""
    return {
        (full_name(text(rule.spec, "host"), rule.namespace), text(subset, "name"))
        for rule in cluster.of(DESTINATION_RULE)
        for _, subset in mappings(rule.spec, "subsets")
    }
