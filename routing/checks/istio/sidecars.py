"""IST0101, IST0110, IST0111, IST0167: which workloads a Sidecar is for."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import NAMESPACE, SIDECAR, Cluster, Object, PodLike, string_map
from routing.checks.istio.injection import is_ambient
from routing.checks.istio.selections import collisions, selecting_nothing, without_selector
from routing.checks.rule import found, named


def labels_of(sidecar: Object) -> Mapping[str, str]:
    return string_map(sidecar.spec, "workloadSelector", "labels")


def sidecars(cluster: Cluster) -> Iterator[Finding]:
    for one in selecting_nothing(cluster, SIDECAR, labels_of):
        what = ("a workload with the labels", dict(labels_of(one)))
        yield found("IST0101", one, "spec.workloadSelector.labels", *what)
    for group, workload in collisions(cluster, SIDECAR, labels_of):
        names = named(o.name for o in group)
        for one in group:
            words = (names, one.namespace, workload)
            yield found("IST0110", one, "spec.workloadSelector.labels", *words)
    for members in without_selector(cluster, SIDECAR, labels_of):
        names = named(o.name for o in members)
        for one in members:
            yield found("IST0111", one, "spec", names, one.namespace)
    yield from ineffective(cluster)


def ineffective(cluster: Cluster) -> Iterator[Finding]:
    """Sidecars for workloads that have none, but are in ambient mode."""
    ambient = {n.name for n in cluster.of(NAMESPACE) if is_ambient(n)}
    for one in cluster.of(SIDECAR):
        labels = labels_of(one)
        pods = cluster.workloads_with(labels, one.namespace) if labels else []
        if any(in_ambient(p) for p in pods):
            why = "the workloads it selects are in ambient mode, without sidecars"
            yield found("IST0167", one, "spec.workloadSelector.labels", why)
        elif not labels and one.namespace in ambient:
            yield found("IST0167", one, "spec", "its namespace is in ambient mode")


def in_ambient(pod: PodLike) -> bool:
    redirected = pod.annotations.get("ambient.istio.io/redirection") == "enabled"
    return redirected and "sidecar.istio.io/status" not in pod.annotations
