"""KIA0201, KIA0202, KIA0203, KIA0209: DestinationRules that clash, or are about nothing."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    DESTINATION_RULE,
    Cluster,
    Object,
    full_name,
    mappings,
    part,
    service_key,
    string_map,
    text,
)
from routing.checks.istio.destination_rule_hosts import exists
from routing.checks.istio.mesh_hosts import meet
from routing.checks.istio.virtual_service_hosts import behind
from routing.checks.kiali.hosts import is_known
from routing.checks.rule import RIVALS, found


def destination_rules(cluster: Cluster) -> Iterator[Finding]:
    claims: dict[str, list[Object]] = {}
    for rule in cluster.of(DESTINATION_RULE):
        claims.setdefault(host_of(rule), []).append(rule)
    for rule in cluster.of(DESTINATION_RULE):
        host = host_of(rule)
        for other in claims[host][:RIVALS]:
            if other is not rule and not host.startswith("*") and clash(rule, other):
                yield found("KIA0201", rule, "spec.subsets", other.full, host)
        if host and not is_there(cluster, rule):
            yield found("KIA0202", rule, "spec.host", text(rule.spec, "host"))
        yield from subsets(cluster, rule, host)


def host_of(rule: Object) -> str:
    return full_name(text(rule.spec, "host"), rule.namespace)


def is_there(cluster: Cluster, rule: Object) -> bool:
    host = text(rule.spec, "host")
    if host.startswith("*") and host.endswith(".svc.cluster.local"):
        return host.split(".")[1] in cluster.namespaces
    return exists(cluster, rule, host) or is_known(cluster, host, rule.namespace)


def clash(one: Object, other: Object) -> bool:
    """Two rules that name the same subset, or of which one is for all of the host. One that selects
    its clients clashes with no other."""
    if any(part(rule.spec, "workloadSelector", "matchLabels") for rule in (one, other)):
        return False
    mine, theirs = (
        {text(s, "name") for _, s in mappings(rule.spec, "subsets")} for rule in (one, other)
    )
    return meet(one, other) and bool(mine & theirs or not mine or not theirs)


def subsets(cluster: Cluster, rule: Object, host: str) -> Iterator[Finding]:
    for i, subset in mappings(rule.spec, "subsets"):
        path, name = f"spec.subsets[{i}]", text(subset, "name")
        labels = string_map(subset, "labels")
        if not labels:
            yield found("KIA0209", rule, path, name)
        elif not host.startswith("*") and not someone_has(cluster, rule, host, labels):
            yield found("KIA0203", rule, f"{path}.labels", host, name)


def someone_has(cluster: Cluster, rule: Object, host: str, labels: dict[str, str]) -> bool:
    """Whether a workload behind the host, or an endpoint of its ServiceEntry, has the labels."""
    service = behind(cluster, host, rule.namespace)
    if service is not None and service.kind == "ServiceEntry":
        endpoints = mappings(service.spec, "endpoints")
        if not endpoints:
            return True
        return any(labels.items() <= string_map(e, "labels").items() for _, e in endpoints)
    namespace, _ = service_key(host, rule.namespace)
    selector = string_map(service.spec, "selector") if service is not None else {}
    return bool(cluster.workloads_with({**selector, **labels}, namespace))
