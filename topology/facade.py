"""What other apps may call."""

from topology.history import PRESENT_SECONDS, calls_between, graph_at
from topology.platform.foreseen import Declaration, turnovers
from topology.selectors import generation, pods_for_node, registry, registry_after
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
    "PRESENT_SECONDS",
    "Declaration",
    "apply_manifests",
    "calls_between",
    "delete_manifests",
    "delete_pod",
    "generation",
    "graph_at",
    "nothing_runs",
    "pods_for_node",
    "reconcile",
    "registry",
    "registry_after",
    "report_pods",
    "restarted",
    "scaled",
    "turnovers",
]
