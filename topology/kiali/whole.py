"""Kiali's JSON of the mesh that we hold: counts and registry in, all appenders run."""

from collections.abc import Callable, Iterable

from telemetry.totals import EdgeTotals
from topology.contracts import Registry
from topology.graph.configured import Resource
from topology.kiali.appenders.aggregates import aggregates
from topology.kiali.appenders.configuration import configuration
from topology.kiali.appenders.health import health
from topology.kiali.appenders.labels import labels
from topology.kiali.appenders.measures import measures
from topology.kiali.appenders.running import dead, idle, outside_the_mesh
from topology.kiali.as_json import Json
from topology.kiali.asked import UNKNOWN, Asked, BadParameter, Rate
from topology.kiali.build import Surroundings, graph
from topology.kiali.nodes import TrafficMap
from topology.kiali.stored import HOME_CLUSTER, Classes, Stored
from topology.kiali.traffic import Drawing


def whole(
    asked: Asked,
    edges: EdgeTotals,
    registry: Registry,
    resources: Callable[[], Iterable[Resource]],
    classes: Classes = lambda _: (),
) -> Json:
    """Raises BadParameter for what is not there (403: a namespace) and what nobody measured."""
    _check(asked)
    accessible = frozenset(one.name for one in registry.namespaces)
    for name in asked.namespaces:
        if name not in accessible:
            raise BadParameter(f"Requested namespace [{name}] is not accessible.", 403)
    stored = Stored(edges, registry, asked.seconds, classes)
    drawing = Drawing(asked.graph_type, asked.rates, service_nodes=asked.service_nodes)

    def append(nodes: TrafficMap, asked: Asked) -> None:
        measures(nodes, asked, stored.rows, drawing)
        aggregates(
            nodes, asked, stored, drawing
        )  # after measures: its edges have none of their own
        idle(nodes, asked, registry)  # before what describes nodes: these are described, too
        outside_the_mesh(nodes, asked, registry)
        health(nodes, asked, registry)
        labels(nodes, asked, registry)
        configuration(nodes, asked, registry, resources)
        dead(nodes, asked, registry)  # after configuration: a workload entry needs no pods

    return graph(asked, stored, Surroundings(accessible=accessible, appenders=(append,)))


def _check(asked: Asked) -> None:
    if asked.rates.grpc not in (Rate.NONE, Rate.REQUESTS):
        raise BadParameter(
            f"Invalid gRPC Rate [{asked.rates.grpc}]: the proxies of this mesh count requests, not"
            " messages; ask for requests or none."
        )
    cluster = asked.node.cluster if asked.node else UNKNOWN
    if cluster not in (UNKNOWN, HOME_CLUSTER):
        raise BadParameter(f"Invalid clusterName [{cluster}]: the only cluster is {HOME_CLUSTER}.")
