"""From a request to the JSON: queries asked in order, namespaces merged, appenders run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from topology.kiali.as_json import Json, to_json
from topology.kiali.asked import Asked, AskedNode, BadParameter, GraphType
from topology.kiali.marks import mark
from topology.kiali.merging import merge, services_only
from topology.kiali.nodes import Place, TrafficMap, identity
from topology.kiali.queries import of_aggregates, of_namespace, of_node
from topology.kiali.query import Query, Vector
from topology.kiali.traffic import Drawing, Waypoints

Answers = Callable[[Query], Vector]
Appender = Callable[[TrafficMap, Asked], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a graph needs to know beyond metrics. `accessible`: namespaces that may be seen."""

    accessible: frozenset[str] = frozenset()
    ambient: frozenset[str] = frozenset()
    waypoints: Waypoints = frozenset()
    appenders: tuple[Appender, ...] = ()


def graph(asked: Asked, answers: Answers, around: Surroundings) -> Json:
    """Raises BadParameter for a node that nothing names."""
    nodes: TrafficMap = {}
    if asked.node is None:
        for namespace in asked.namespaces:
            merge(nodes, namespace, _of_namespace(asked, namespace, answers, around))
    else:
        nodes = _of_node(asked, asked.node, answers, around)
    mark(nodes, asked.namespaces, around.accessible)
    for append in around.appenders:
        append(nodes, asked)
    if asked.graph_type is GraphType.SERVICE and asked.node is None:
        nodes = services_only(nodes)
    return to_json(nodes, asked)


def _drawing(asked: Asked, around: Surroundings) -> Drawing:
    return Drawing(
        asked.graph_type,
        asked.rates,
        service_nodes=asked.service_nodes,
        waypoints=around.waypoints,
    )


def _of_namespace(
    asked: Asked, namespace: str, answers: Answers, around: Surroundings
) -> TrafficMap:
    queries = of_namespace(asked, namespace, ambient=namespace in around.ambient)
    return _drawn(queries, asked, answers, around)


def _of_node(asked: Asked, node: AskedNode, answers: Answers, around: Surroundings) -> TrafficMap:
    if node.aggregate_value:
        return _drawn(of_aggregates(asked), asked, answers, around)
    place = Place(
        node.cluster,
        node.namespace,
        node.service,
        node.namespace,
        node.workload,
        node.app,
        node.version,
    )
    found = identity(place, asked.graph_type)
    if found is None:
        raise BadParameter("A workload, an app or a service must be named.")
    ambient = node.namespace in around.ambient
    return _drawn(of_node(asked, node, found[1], ambient=ambient), asked, answers, around)


def _drawn(
    queries: Iterable[Query], asked: Asked, answers: Answers, around: Surroundings
) -> TrafficMap:
    drawing = _drawing(asked, around)
    for query in queries:
        drawing.add(query.metric, answers(query))
    return drawing.nodes
