"""Appender: what the registry knows and no traffic has touched is on the graph too, idle."""

from topology.contracts import GraphType, NodeKind
from topology.graph.draft import Context, Draft, NodeDraft
from topology.graph.places import Place, place_of


def known(draft: Draft, context: Context) -> None:
    """Adds a node for each workload (or its app), gateway and service that has none yet."""
    workloads = () if context.graph_type is GraphType.SERVICE else context.registry.workloads
    for workload in workloads:
        place = place_of(workload, context.graph_type)
        if place.id not in draft.nodes:
            versioned = place.kind is not NodeKind.APP or place.name != workload.app
            version = workload.version if versioned else ""
            draft.nodes[place.id] = NodeDraft(*place, app=workload.app, version=version)
    for service in context.registry.services:
        place = Place(NodeKind.SERVICE, service.namespace, service.name)
        if place.id not in draft.nodes:
            draft.nodes[place.id] = NodeDraft(*place, app=service.name)
