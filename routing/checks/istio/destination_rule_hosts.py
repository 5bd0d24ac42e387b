"""IST0173, IST0174: a DestinationRule is about a host that exists, its subsets about pods."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    DESTINATION_RULE,
    SERVICE,
    Cluster,
    Object,
    full_name,
    mappings,
    string_map,
    text,
    wild_match,
)
from routing.checks.istio.virtual_service_hosts import behind
from routing.checks.rule import found


def destination_rule_hosts(cluster: Cluster) -> Iterator[Finding]:
    for rule in cluster.of(DESTINATION_RULE):
        host = text(rule.spec, "host")
        if host and not exists(cluster, rule, host):
            yield found("IST0174", rule, "spec.host", host)
            continue
        service = behind(cluster, host, rule.namespace)
        if service is not None and (service.group, service.kind) == SERVICE:
            yield from empty_subsets(cluster, rule, service)


def exists(cluster: Cluster, rule: Object, host: str) -> bool:
    """Whether a host, or for a wildcard any host under it, is known."""
    if behind(cluster, host, rule.namespace) is not None:
        return True
    if not host.startswith("*"):
        return False
    full = full_name(host, rule.namespace)
    known = (*cluster.service_hosts, *cluster.entry_hosts)
    return host in ("*", "*.local") or any(wild_match(full, one) for one in known)


def empty_subsets(cluster: Cluster, rule: Object, service: Object) -> Iterator[Finding]:
    selector = string_map(service.spec, "selector")
    if not selector:
        return
    for i, subset in mappings(rule.spec, "subsets"):
        labels = {**selector, **string_map(subset, "labels")}
        if not cluster.workloads_with(labels, service.namespace):
            yield found("IST0173", rule, f"spec.subsets[{i}].labels", text(subset, "name"))
