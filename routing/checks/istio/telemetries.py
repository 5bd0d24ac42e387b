"""IST0101, IST0157, IST0159, IST0160: which workloads a Telemetry is for, and what it names."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    TELEMETRY,
    Cluster,
    Object,
    mappings,
    part,
    string_map,
    texts,
)
from routing.checks.istio.selections import collisions, selecting_nothing, without_selector
from routing.checks.rule import found, named


def labels_of(telemetry: Object) -> Mapping[str, str]:
    return string_map(telemetry.spec, "selector", "matchLabels")


def telemetries(cluster: Cluster) -> Iterator[Finding]:
    yield from providers(cluster)
    for one in selecting_nothing(cluster, TELEMETRY, labels_of):
        what = ("a workload with the labels", dict(labels_of(one)))
        yield found("IST0101", one, "spec.selector.matchLabels", *what)
    for group, workload in collisions(cluster, TELEMETRY, labels_of):
        names = named(o.name for o in group)
        for one in group:
            words = (names, one.namespace, workload)
            yield found("IST0159", one, "spec.selector.matchLabels", *words)
    for members in without_selector(cluster, TELEMETRY, is_targeted):
        names = named(o.name for o in members)
        for one in members:
            yield found("IST0160", one, "spec", names, one.namespace)


def is_targeted(telemetry: Object) -> Mapping[str, str]:
    """Truthy where it is not for all of its namespace."""
    if telemetry.spec.get("targetRefs") or telemetry.spec.get("targetRef"):
        return {"target": "is given"}
    return labels_of(telemetry)


def providers(cluster: Cluster) -> Iterator[Finding]:
    """Access logs without a provider go nowhere unless the mesh has one by default."""
    if texts(part(cluster.mesh, "defaultProviders"), "accessLogging"):
        return
    for one in cluster.of(TELEMETRY):
        for i, logging in mappings(one.spec, "accessLogging"):
            if logging.get("disabled") is not True and not mappings(logging, "providers"):
                path = f"spec.accessLogging[{i}].providers"
                yield found("IST0157", one, path, one.name, one.namespace)
