"""KIA1201: the addresses of a ServiceEntry are those of the WorkloadEntries that it selects."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    SERVICE_ENTRY,
    WORKLOAD_ENTRY,
    Cluster,
    Object,
    string_map,
    text,
    texts,
)
from routing.checks.rule import found


def workload_entries(cluster: Cluster) -> Iterator[Finding]:
    by_namespace: dict[str, list[Object]] = {}
    for one in cluster.of(WORKLOAD_ENTRY):
        by_namespace.setdefault(one.namespace, []).append(one)
    for entry in cluster.of(SERVICE_ENTRY):
        labels = string_map(entry.spec, "workloadSelector", "labels")
        candidates = by_namespace.get(entry.namespace, [])
        selected = [w for w in candidates if labels.items() <= labels_of(w).items()]
        known = {text(w.spec, "address") for w in selected}
        missing = [a for a in texts(entry.spec, "addresses") if a not in known]
        if labels and candidates and missing:
            yield found("KIA1201", entry, "spec.addresses", ", ".join(missing))


def labels_of(entry: Object) -> dict[str, str]:
    return {**entry.labels, **string_map(entry.spec, "labels")}
