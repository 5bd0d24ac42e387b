"""Appender: what the registry knows and no traffic has touched is on the graph too, idle."""

from topology.contracts import NodeKind
from topology.graph.draft import Context, Draft, NodeDraft
from topology.graph.places import Place


def known(draft: Draft, context: Context) -> None:
    """Adds a node for each workload, gateway and service that has none yet."""
    for workload in context.registry.workloads:
        kind = NodeKind.GATEWAY if workload.gateway else NodeKind.WORKLOAD
        place = Place(kind, workload.namespace, workload.name)
        if place.id not in draft.nodes:
            draft.nodes[place.id] = NodeDraft(*place, app=workload.app, version=workload.version)
    for service in context.registry.services:
        place = Place(NodeKind.SERVICE, service.namespace, service.name)
        if place.id not in draft.nodes:
            draft.nodes[place.id] = NodeDraft(*place, app=service.name)
