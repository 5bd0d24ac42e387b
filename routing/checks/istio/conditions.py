"""IST0171: a status that says something is not as it should be."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import Body, Cluster, Object, mappings, part, text
from routing.checks.rule import found

POSITIVE = frozenset(
    {"Accepted", "Programmed", "ResolvedRefs", "Ready", "Reconciled", "Scheduled"}
    | {"ZtunnelAccepted", "WaypointAccepted", "IPsAllocated", "WaypointBound", "Healthy"}
)
"""Conditions of Istio and the Gateway API that should be True."""

GROUPS = ("istio.io", "gateway.networking.k8s.io")
PARTIAL = frozenset({"PartiallyInvalid"})


def conditions(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.objects:
        status = part(one.body, "status")
        if status:
            yield from negative(one, status, "status")
            for list_name in ("parents", "ancestors", "listeners"):
                for i, inner in mappings(status, list_name):
                    yield from negative(one, inner, f"status.{list_name}[{i}]")


def negative(one: Object, status: Body, path: str) -> Iterator[Finding]:
    for i, condition in mappings(status, "conditions"):
        if not is_ours(one, text(condition, "type")):
            continue
        said, reason = text(condition, "status"), text(condition, "reason")
        if said == "False" or reason in PARTIAL:
            words = (text(condition, "type"), reason, text(condition, "message"))
            yield found("IST0171", one, f"{path}.conditions[{i}]", *words)


def is_ours(one: Object, kind: str) -> bool:
    """Conditions of other software are its own affair."""
    domain, slash, name = kind.rpartition("/")
    if slash:
        return domain == "istio.io" or domain.endswith(".istio.io")
    return one.group.endswith(GROUPS) and name in POSITIVE
