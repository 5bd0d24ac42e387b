"""Appender: what the registry knows and no traffic has touched is on the graph too, idle."""

from topology.contracts import GraphType, NodeKind, Registry
from topology.graph.draft import Context, Draft, NodeDraft
from topology.graph.lately import Lately
from topology.graph.places import Place, place_of


def known(draft: Draft, context: Context) -> None:
    """Adds a node for each workload (or its app), gateway and service that has none yet."""
    for node_id, named in _named(context.graph_type, context.registry):
        if node_id not in draft.nodes:
            draft.nodes[node_id] = NodeDraft(*named)


_Named = tuple[NodeKind, str, str, str, str]
"""Kind, namespace, name, app, version."""


def _names(graph_type: GraphType, registry: Registry) -> tuple[tuple[str, _Named], ...]:
    """By id of the node."""
    found: dict[str, _Named] = {}
    workloads = () if graph_type is GraphType.SERVICE else registry.workloads
    for workload in workloads:
        place = place_of(workload, graph_type)
        versioned = place.kind is not NodeKind.APP or place.name != workload.app
        version = workload.version if versioned else ""
        found.setdefault(place.id, (*place, workload.app, version))
    for service in registry.services:
        place = Place(NodeKind.SERVICE, service.namespace, service.name)
        found.setdefault(place.id, (*place, service.name, ""))
    return tuple(found.items())


_named = Lately(_names)
