"""Maps of namespaces become one; a map of workloads becomes one of services."""

from topology.kiali.nodes import Edge, Node, NodeType, TrafficMap
from topology.kiali.protocols import gather, send, send_nothing
from topology.kiali.traffic import edge_between


def merge(into: TrafficMap, namespace: str, drawn: TrafficMap) -> None:
    """A node drawn twice is the one that its own namespace drew, with the edges of both."""
    for node_id, drawn_node in drawn.items():
        kept, other = into.get(node_id), drawn_node
        if kept is None:
            into[node_id] = drawn_node
            continue
        if drawn_node.namespace == namespace:
            kept, other = drawn_node, kept
            into[node_id] = kept
        for edge in other.edges:
            if edge_between(kept, edge.target, edge.protocol) is None:
                kept.edges.append(edge)
                send(kept, edge)


def services_only(nodes: TrafficMap) -> TrafficMap:
    """Services call services; of workloads only those remain that nobody calls."""
    reduced: TrafficMap = {}
    for node_id, node in nodes.items():
        if node.type is NodeType.SERVICE:
            reduced[node_id] = node
            _call_on(node)
        elif node.root and _keep_root(node):
            reduced[node_id] = node
    return reduced


def _keep_root(node: Node) -> bool:
    calls = [edge for edge in node.edges if edge.target.type is NodeType.SERVICE]
    if not calls:
        return False
    send_nothing(node)
    for edge in calls:
        send(node, edge)
    node.edges = calls
    return True


def _call_on(service: Node) -> None:
    """What its workloads call, the service calls."""
    to_workloads, service.edges = service.edges, []
    send_nothing(service)
    for hop in to_workloads:
        for edge in list(hop.target.edges):
            if edge.target.type is NodeType.SERVICE:
                _take_over(service, edge)


def _take_over(service: Node, edge: Edge) -> None:
    known = edge_between(service, edge.target, edge.protocol)
    send(service, edge)
    if known is None:
        edge.source = service
        service.edges.append(edge)
    else:
        gather(edge, known)
