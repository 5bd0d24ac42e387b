"""What is outside of the namespaces asked for, what may not be seen, what only sends."""

from collections.abc import Collection

from topology.kiali.asked import UNKNOWN
from topology.kiali.nodes import EGRESS_CLUSTERS, Node, NodeType, TrafficMap
from topology.kiali.traffic import edges


def mark(nodes: TrafficMap, asked: Collection[str], accessible: Collection[str]) -> None:
    """`accessible`: the namespaces that whoever asks may see."""
    called = {edge.target.id for edge in edges(nodes.values())}
    for node in nodes.values():
        node.inaccessible = _nowhere(node)
        node.outside = not node.inaccessible and node.namespace not in (UNKNOWN, *asked)
        if node.outside and node.namespace not in accessible:
            node.inaccessible = True
        node.root = bool(node.edges) and node.id not in called


def _nowhere(node: Node) -> bool:
    if node.type is NodeType.SERVICE:
        return node.namespace == UNKNOWN or node.service in EGRESS_CLUSTERS
    return node.type is NodeType.UNKNOWN
