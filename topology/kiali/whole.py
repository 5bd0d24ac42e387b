"""Kiali's JSON of the mesh that we hold: counts and registry in, all appenders run."""

from collections.abc import Callable, Mapping
from typing import Any

from telemetry.totals import EdgeTotals
from topology.contracts import Registry
from topology.kiali.appenders.health import health
from topology.kiali.appenders.labels import labels
from topology.kiali.appenders.measures import measures
from topology.kiali.appenders.running import dead, idle, outside_the_mesh
from topology.kiali.as_json import Json
from topology.kiali.asked import Asked, BadParameter
from topology.kiali.build import Surroundings, graph
from topology.kiali.nodes import NodeType, TrafficMap
from topology.kiali.stored import Stored
from topology.kiali.traffic import Drawing

Facts = Mapping[tuple[str, str], Mapping[str, Any]]
"""By (namespace, service): fields that the configuration adds to its nodes."""


def whole(
    asked: Asked,
    edges: EdgeTotals,
    registry: Registry,
    configured: Callable[[], Facts],
) -> Json:
    """Raises BadParameter (403) for a namespace that is not there."""
    accessible = frozenset(one.name for one in registry.namespaces)
    for name in asked.namespaces:
        if name not in accessible:
            raise BadParameter(f"Requested namespace [{name}] is not accessible.", 403)
    stored = Stored(edges, registry, asked.seconds)
    drawing = Drawing(asked.graph_type, asked.rates, service_nodes=asked.service_nodes)

    def append(nodes: TrafficMap, asked: Asked) -> None:
        measures(nodes, asked, stored.rows, drawing)
        dead(nodes, asked, registry)
        idle(nodes, asked, registry)  # before what describes nodes: these are described, too
        outside_the_mesh(nodes, asked, registry)
        health(nodes, asked, registry)
        labels(nodes, asked, registry)
        if asked.wants("istio", "serviceEntry"):
            _describe(nodes, configured())

    return graph(asked, stored, Surroundings(accessible=accessible, appenders=(append,)))


def _describe(nodes: TrafficMap, facts: Facts) -> None:
    """Services as they are; an app or workload with the services that it was called as."""
    for node in nodes.values():
        names = [(node.namespace, node.service)] if node.type is NodeType.SERVICE else []
        if node.type is NodeType.APP:
            names = [(one.namespace, one.name) for one in sorted(node.requested)]
        for name in names:
            node.extra.update(facts.get(name, {}))
