"""Appender: what took part in traffic and has no pods any more is dead."""

from topology.contracts import GraphType, NodeKind, Registry
from topology.graph.draft import Context, Draft
from topology.graph.lately import Lately
from topology.graph.places import place_of

DEAD = "dead"
_WITH_PODS = frozenset({NodeKind.WORKLOAD, NodeKind.APP, NodeKind.GATEWAY})


def dead(draft: Draft, context: Context) -> None:
    """A badge; while nothing is known of what runs, nothing is said."""
    living = _living(context.graph_type, context.registry)
    if not context.registry.workloads:
        return
    for node_id, node in draft.nodes.items():
        if node.busy and node.kind in _WITH_PODS and node_id not in living:
            node.badges = (*node.badges, DEAD)


def _wanted(graph_type: GraphType, registry: Registry) -> frozenset[str]:
    return frozenset(place_of(one, graph_type).id for one in registry.workloads if one.replicas > 0)


_living = Lately(_wanted)
