"""Appender: the health of every node."""

from topology.contracts import Health, NodeKind
from topology.graph.draft import Context, Draft, NodeDraft
from topology.health import replica_health, traffic_health, workload_health, worst


def verdicts(draft: Draft, _context: Context) -> None:
    """Services by the requests they get; workloads by those they get, those they send, and pods."""
    for node in draft.nodes.values():
        node.health = _verdict(node)


def _verdict(node: NodeDraft) -> Health:
    inbound = traffic_health(node.inbound)
    if node.kind in (NodeKind.SERVICE, NodeKind.EXTERNAL):
        return worst(inbound, _carried(node))
    traffic = worst(inbound, traffic_health(node.outbound), _carried(node))
    if node.kind is NodeKind.UNKNOWN:
        return traffic
    return workload_health(traffic, replica_health(node.pods_ready, node.pods_desired))


def _carried(node: NodeDraft) -> Health:
    """Traffic without requests, TCP, has nothing to be judged by."""
    return Health.HEALTHY if node.busy else Health.IDLE
