"""IST0151 to IST0155: patches of an EnvoyFilter that have no effect, or only by luck of order."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import ENVOY_FILTER, Body, Cluster, Object, mappings, number, part, text
from routing.checks.rule import found

RELATIVE = frozenset({"INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "REMOVE"})
ROUTES = ("ROUTE_CONFIGURATION", "HTTP_ROUTE")
FILTERS = ("HTTP_FILTER", "NETWORK_FILTER")


def envoy_filters(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.of(ENVOY_FILTER):
        for i, patch in mappings(one.spec, "configPatches"):
            said = list(check(one, f"spec.configPatches[{i}]", patch))
            yield from said
            if any(f.code == "IST0151" for f in said):
                break  # what follows is judged when the order is settled


def check(one: Object, path: str, patch: Body) -> Iterator[Finding]:
    operation, target = text(part(patch, "patch"), "operation"), text(patch, "applyTo")
    code = misuse(operation, target)
    if code:
        yield found(code, one, f"{path}.patch.operation")
    elif operation in RELATIVE and not number(one.spec, "priority"):
        if text(part(patch, "match", "proxy"), "proxyVersion"):
            yield found("IST0155", one, f"{path}.patch.operation")
        yield found("IST0151", one, f"{path}.patch.operation")


def misuse(operation: str, target: str) -> str | None:
    if operation == "REPLACE" and target not in FILTERS:
        return "IST0152"
    if operation == "ADD" and target in ROUTES:
        return "IST0153"
    if operation == "REMOVE" and target in ROUTES:
        return "IST0154"
    return None
