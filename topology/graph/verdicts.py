"""Appender: the health of every node."""

from topology.contracts import Health, NodeKind
from topology.graph.draft import Context, Draft, NodeDraft
from topology.health import replica_health, traffic_health, workload_health, worst

TCP = Health.HEALTHY
"""Traffic without requests has nothing to be judged by."""


def verdicts(draft: Draft, _context: Context) -> None:
    """Services by the requests they get; workloads by those they get, those they send, and pods."""
    for node in draft.nodes.values():
        node.health = _verdict(node)


def _verdict(node: NodeDraft) -> Health:
    if not node.busy:
        return workload_health(Health.IDLE, _pods(node))
    inbound = traffic_health(node.inbound)
    if node.kind in (NodeKind.SERVICE, NodeKind.EXTERNAL):
        return worst(inbound, TCP)
    traffic = worst(inbound, traffic_health(node.outbound), TCP)
    return workload_health(traffic, _pods(node))


def _pods(node: NodeDraft) -> Health:
    """Of a workload, app or gateway; of others nothing is expected."""
    if node.kind in (NodeKind.WORKLOAD, NodeKind.APP, NodeKind.GATEWAY):
        return replica_health(node.pods_ready, node.pods_desired)
    return Health.IDLE
