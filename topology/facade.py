"""What other apps may call."""

from topology.history import graph_at
from topology.selectors import generation, pods_for_node, registry
from topology.services import (
    apply_manifests,
    delete_manifests,
    delete_pod,
    nothing_runs,
    reconcile,
    report_pods,
    restarted,
    scaled,
)

__all__ = [
    "apply_manifests",
    "delete_manifests",
    "delete_pod",
    "generation",
    "graph_at",
    "nothing_runs",
    "pods_for_node",
    "reconcile",
    "registry",
    "report_pods",
    "restarted",
    "scaled",
]
