"""A DestinationRule is about a host that exists, its subsets about pods that exist."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.model import DestinationRule
from routing.model.catalogue import finding
from routing.model.destination_rule import Subset, TlsMode, TrafficPolicy
from routing.model.hosts import covers, full_host


def destination_rules_apply(world: World) -> Iterator[Finding]:
    claims: dict[tuple[str, str], list[DestinationRule]] = {}
    for rule in world.destination_rules:
        claims.setdefault(claim(rule), []).append(rule)
    for rule in world.destination_rules:
        key = rule.metadata.key
        _, host = claim(rule)
        if not exists(world, host):
            yield finding("IST0174", key, "spec.host", rule.host)
        for other in claims[claim(rule)]:
            if other is not rule and share_a_subset(rule, other):
                yield finding("KIA0201", key, "spec.subsets", other.metadata.key, rule.host)
        yield from check_subsets(world, rule, host)
        yield from check_tls(rule, "spec.trafficPolicy", rule.policy)


def claim(rule: DestinationRule) -> tuple[str, str]:
    """The namespace that follows the rule first, and the host it is for."""
    namespace = rule.metadata.key.namespace
    return namespace, full_host(rule.host, namespace)


def exists(world: World, host: str) -> bool:
    """Whether a host, or for a wildcard any host under it, is known."""
    if world.upstream(host, "") is not None:
        return True
    return host.startswith("*") and any(covers(host, known) for known in world.upstreams)


def share_a_subset(one: DestinationRule, other: DestinationRule) -> bool:
    """Two rules for one host that name the same subset, or of which one is for all of it. One that
    selects its clients clashes with no other."""
    if one.selector or other.selector:
        return False
    names, others = {s.name for s in one.subsets}, {s.name for s in other.subsets}
    return bool(names & others) or not names or not others


def check_subsets(world: World, rule: DestinationRule, host: str) -> Iterator[Finding]:
    key = rule.metadata.key
    seen: set[str] = set()
    for i, subset in enumerate(rule.subsets):
        path = f"spec.subsets[{i}]"
        if subset.name in seen:
            yield finding("MSH1108", key, f"{path}.name", subset.name)
        seen.add(subset.name)
        if not subset.labels:
            yield finding("KIA0209", key, path, subset.name)
        elif not selects_something(world, host, subset):
            yield finding("IST0173", key, f"{path}.labels", subset.name)
        yield from check_tls(rule, f"{path}.trafficPolicy", subset.policy)


def selects_something(world: World, host: str, subset: Subset) -> bool:
    """Whether a workload or endpoint behind the host has the labels; unknown hosts are let pass."""
    upstream = world.upstreams.get(host)
    if upstream is None:
        return True
    if upstream.service is not None:
        wanted = (*upstream.service.selector, *subset.labels)
        return bool(world.workloads_with(wanted, upstream.namespace))
    entry = upstream.entry
    if entry is None or entry.selector or not entry.endpoints:
        return True
    return any(set(subset.labels) <= set(e.labels) for e in entry.endpoints)


def check_tls(rule: DestinationRule, path: str, policy: TrafficPolicy) -> Iterator[Finding]:
    if policy.tls and policy.tls.credential and not rule.selector:
        yield finding(
            "MSH1132", rule.metadata.key, f"{path}.tls.credentialName", policy.tls.credential
        )
    elif policy.tls and policy.tls.mode is TlsMode.SIMPLE and not policy.tls.ca_file:
        yield finding("IST0128", rule.metadata.key, f"{path}.tls", "SIMPLE", rule.host)
