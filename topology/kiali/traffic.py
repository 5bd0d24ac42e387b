"""Series become nodes and edges; a series that both ends report counts once."""

from collections.abc import Iterable
from itertools import pairwise

from topology.kiali.asked import GraphType, Rates
from topology.kiali.nodes import (
    Edge,
    Node,
    NodeType,
    Place,
    ServiceName,
    TrafficMap,
    identity,
    node_at,
    told,
)
from topology.kiali.protocols import Traffic, add
from topology.kiali.query import Vector
from topology.kiali.series import Told, read

Waypoints = frozenset[tuple[str, str, str]]
"""(cluster, namespace, workload) of ambient's waypoints."""

PASSTHROUGH = "PassthroughCluster"


class Drawing:
    """A traffic map in the making, of one graph type."""

    def __init__(
        self,
        graph_type: GraphType,
        rates: Rates,
        *,
        service_nodes: bool,
        waypoints: Waypoints = frozenset(),
    ) -> None:
        self.nodes: TrafficMap = {}
        self._graph_type = graph_type
        self._rates = rates
        self._service_nodes = service_nodes
        self._waypoints = waypoints

    def add(self, metric: str, vector: Vector) -> None:
        for labels, value in vector:
            told_of = read(metric, labels, value, self._rates)
            if told_of is not None:
                self._draw(metric, told_of)

    def hops(self, told_of: Told) -> tuple[tuple[str, str], ...]:
        """Ids of the ends of each edge that the series is part of."""
        path = self._path(told_of)
        ids = [found[0] for place in path if (found := identity(place, self._graph_type))]
        return tuple(pairwise(ids)) if len(ids) == len(path) else ()

    def _path(self, told_of: Told) -> tuple[Place, ...]:
        source, target = told_of.source, told_of.target
        by_waypoint = (self._waypoint(told_of, source), self._waypoint(told_of, target))
        if by_waypoint[0]:
            source = source._replace(app="")  # a waypoint is a workload in every graph
        if by_waypoint[1]:
            target = target._replace(app="")
        if not self._service_between(target) or any(by_waypoint):
            return (source, target)
        service = target._replace(workload_namespace="", workload="", app="", version="")
        return (source, service, target)

    def _waypoint(self, told_of: Told, place: Place) -> bool:
        where = (place.cluster, place.workload_namespace, place.workload)
        return told_of.ztunnel and where in self._waypoints

    def _service_between(self, target: Place) -> bool:
        if not self._service_nodes or not told(target.service) or target.service == PASSTHROUGH:
            return False
        found = identity(target, self._graph_type)
        return found is not None and found[1] is not NodeType.SERVICE

    def _draw(self, metric: str, told_of: Told) -> None:
        path = self._path(told_of)
        nodes = self._nodes(path)
        if nodes is None:
            return
        for node, original in ((nodes[0], told_of.source), (nodes[-1], told_of.target)):
            node.waypoint |= self._waypoint(told_of, original)
        traffic = told_of.traffic
        # as in Kiali, a node that calls itself is known by how it was called
        ends = (nodes[0].place, nodes[-1].place)
        mark = (metric, ends, traffic.code, traffic.flags, traffic.host)
        requested = ServiceName(
            told_of.target.cluster, told_of.target.service_namespace, told_of.target.service
        )
        for source, target in pairwise(nodes):
            if not _count(source, target, traffic, mark):
                return
            if told(requested.name):
                target.requested.add(requested)

    def _nodes(self, path: Iterable[Place]) -> list[Node] | None:
        nodes = []
        for place in path:
            fresh = node_at(place, self._graph_type)
            if fresh is None:
                return None
            node = self.nodes.setdefault(fresh.id, fresh)
            node.place = place
            nodes.append(node)
        return nodes


def _count(source: Node, target: Node, traffic: Traffic, mark: object) -> bool:
    """Whether the series was new on this edge."""
    edge = edge_between(source, target, traffic.protocol)
    if edge is None:
        edge = Edge(source, target, traffic.protocol)
        source.edges.append(edge)
    if mark in edge.counted:
        return False
    edge.counted.add(mark)
    add(traffic, edge)
    return True


def edge_between(source: Node, target: Node, protocol: str) -> Edge | None:
    for edge in source.edges:
        if edge.target.id == target.id and edge.protocol == protocol:
            return edge
    return None


def edges(nodes: Iterable[Node]) -> Iterable[Edge]:
    for node in nodes:
        yield from node.edges
