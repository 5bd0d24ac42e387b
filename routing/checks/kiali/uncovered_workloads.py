"""KIA1301: workloads that no AuthorizationPolicy is about."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import AUTHORIZATION_POLICY, Cluster, Object, PodLike, string_map
from routing.checks.rule import found


def uncovered_workloads(cluster: Cluster) -> Iterator[Finding]:
    policies: dict[str, list[Object]] = {}
    for policy in cluster.of(AUTHORIZATION_POLICY):
        policies.setdefault(policy.namespace, []).append(policy)
    mesh_wide = policies.get(cluster.root_namespace, [])
    for workload in cluster.workloads:
        if workload.namespace == cluster.root_namespace or is_owned(workload):
            continue
        near = (*policies.get(workload.namespace, ()), *mesh_wide)
        if not any(covers(policy, workload) for policy in near):
            yield found("KIA1301", workload.owner)


def covers(policy: Object, workload: PodLike) -> bool:
    return string_map(policy.spec, "selector", "matchLabels").items() <= workload.labels.items()


def is_owned(workload: PodLike) -> bool:
    """A pod or replica set of another object that is judged itself."""
    metadata = workload.owner.body.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("ownerReferences"))
