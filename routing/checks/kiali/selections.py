"""KIA0002, KIA0003, KIA0004: objects that pick workloads by label pick some, and do not collide."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    AUTHORIZATION_POLICY,
    PEER_AUTHENTICATION,
    REQUEST_AUTHENTICATION,
    SIDECAR,
    Cluster,
    Object,
    Ref,
    string_map,
)
from routing.checks.istio.gateway_conflicts import same_workloads
from routing.checks.istio.selections import namespace_for, without_selector
from routing.checks.rule import found

SINGLE = (PEER_AUTHENTICATION, REQUEST_AUTHENTICATION, SIDECAR)
"""Kinds of which one alone is in force for a workload."""


def selections(cluster: Cluster) -> Iterator[Finding]:
    for kind in SINGLE:
        for members in without_selector(cluster, kind, labels_or_target):
            for one in members:
                other = next(o for o in members if o is not one)
                yield found("KIA0002", one, path_of(one), other.full)
        yield from collisions(cluster, kind)
    for one in cluster.of(*SINGLE, AUTHORIZATION_POLICY):
        labels = labels_of(one)
        if labels and not cluster.workloads_with(labels, namespace_for(cluster, one)):
            words = ", ".join(f"{k}={v}" for k, v in sorted(labels.items()))
            yield found("KIA0004", one, path_of(one), words)


def labels_of(one: Object) -> Mapping[str, str]:
    if one.kind == "Sidecar":
        return string_map(one.spec, "workloadSelector", "labels")
    return string_map(one.spec, "selector", "matchLabels")


def labels_or_target(one: Object) -> Mapping[str, str]:
    """Truthy where it is not for all of its namespace."""
    if one.spec.get("targetRef") or one.spec.get("targetRefs"):
        return {"target": "is given"}
    return labels_of(one)


def path_of(one: Object) -> str:
    return "spec.workloadSelector" if one.kind == "Sidecar" else "spec.selector"


def collisions(cluster: Cluster, kind: Ref) -> Iterator[Finding]:
    by_label: dict[tuple[str, str, str], list[Object]] = {}
    for one in cluster.of(kind):
        for pod in cluster.workloads_with(labels_of(one), one.namespace) if labels_of(one) else ():
            key = (pod.namespace, pod.owner.kind, pod.owner.name)
            by_label.setdefault(key, []).append(one)
        for pair in labels_of(one).items():
            by_label.setdefault((one.namespace, *pair), []).append(one)
    reported: set[str] = set()
    for members in by_label.values():
        for one in members:
            if one.full in reported:
                continue
            other = next((o for o in members if o is not one and clash(cluster, one, o)), None)
            if other is not None:
                reported.add(one.full)
                yield found("KIA0003", one, path_of(one), other.full, shown(labels_of(other)))


def clash(cluster: Cluster, one: Object, other: Object) -> bool:
    same = one.namespace == other.namespace
    return same and same_workloads(cluster, labels_of(one), labels_of(other))


def shown(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{k}={v}" for k, v in sorted(labels.items()))
