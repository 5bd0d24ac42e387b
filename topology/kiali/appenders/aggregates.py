"""Appender `aggregateNode`: requests of one class get a node of their own between caller and called."""

from collections.abc import Callable, Iterable, Iterator

from topology.kiali.asked import UNKNOWN, Asked, GraphType
from topology.kiali.nodes import Edge, Node, NodeType, Place, TrafficMap
from topology.kiali.protocols import arrive, carry, leave
from topology.kiali.queries import of_aggregates
from topology.kiali.query import Labels, Query, Vector
from topology.kiali.series import Told, read
from topology.kiali.traffic import Drawing, edge_between


def aggregates(
    nodes: TrafficMap, asked: Asked, answers: Callable[[Query], Vector], drawing: Drawing
) -> None:
    """As in Kiali the edge of all requests gives way to those of its classes.

    A graph of services alone has no room for them.
    """
    alone = asked.node is not None and asked.node.aggregate_value
    if asked.graph_type is GraphType.SERVICE or not (alone or asked.wants("aggregateNode")):
        return
    for metric, labels, value in _once(of_aggregates(asked), answers):
        told = read(metric, labels, value, asked.rates)
        name = labels.get(asked.aggregate, "")
        if told is not None and name not in ("", UNKNOWN):
            _inject(nodes, asked, drawing, told, name)


def _once(
    queries: Iterable[Query], answers: Callable[[Query], Vector]
) -> Iterator[tuple[str, Labels, float]]:
    """What goes from one of the namespaces to another, both of them hear of."""
    heard = set()
    for query in queries:
        for labels, value in answers(query):
            series = frozenset(labels.items())
            if series not in heard:
                heard.add(series)
                yield query.metric, labels, value


def _inject(nodes: TrafficMap, asked: Asked, drawing: Drawing, told: Told, name: str) -> None:
    hops = drawing.hops(told)
    source, target = (nodes.get(end) for end in hops[0]) if hops else (None, None)
    if source is None or target is None:
        return
    fresh = _node(told.target, asked, name)
    node = nodes.setdefault(fresh.id, fresh)
    protocol = told.traffic.protocol
    source.edges = [
        edge for edge in source.edges if (edge.target.id, edge.protocol) != (target.id, protocol)
    ]
    carry(told.traffic, _edge(source, node, protocol))
    arrive(told.traffic, node)
    leave(told.traffic, node)
    carry(told.traffic, _edge(node, target, protocol))


def _edge(source: Node, target: Node, protocol: str) -> Edge:
    edge = edge_between(source, target, protocol)
    if edge is None:
        edge = Edge(source, target, protocol)
        source.edges.append(edge)
    return edge


def _node(target: Place, asked: Asked, name: str) -> Node:
    """Of the service, where services have nodes; else of the namespace."""
    namespace, service, app = target.workload_namespace, "", ""
    if asked.service_nodes:
        namespace, service, app = target.service_namespace, target.service, target.app
    parts = (target.cluster, namespace, asked.aggregate, name, service)
    return Node(
        id="_".join(("agg", *(part for part in parts if part))),
        type=NodeType.AGGREGATE,
        cluster=target.cluster,
        namespace=namespace,
        workload="",
        app=app,
        version="",
        service=service,
        place=Place(target.cluster, namespace, service, namespace, "", app, ""),
        outside=namespace not in asked.namespaces,
        extra={"aggregate": f"{asked.aggregate}={name}"},
    )
