"""Appender: the health of every node."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from topology.contracts import GraphEdge, GraphType, Health, NodeKind, Registry
from topology.graph.draft import Context, Draft, NodeDraft
from topology.graph.lately import Lately
from topology.graph.places import Place, place_of
from topology.health import Outcomes, replica_health, traffic_healths, workload_health, worst
from topology.tolerances import INBOUND, OUTBOUND, Ended, Tolerance, judged, tolerances

TCP = Health.HEALTHY
"""Traffic without requests has nothing to be judged by."""


def verdicts(draft: Draft, context: Context) -> None:
    """Services by the requests they get; workloads by those they get, those they send, and pods.

    By their own rules where they have some; an edge by those of its target.
    """
    rules = _rules(context.registry)
    own = _by_own_rules(draft, rules) if rules else {}
    nodes = draft.nodes
    inbound = _judged([node.inbound for node in nodes.values()])
    outbound = _judged([node.outbound for node in nodes.values()])
    for (node_id, node), asked, asks in zip(nodes.items(), inbound, outbound, strict=True):
        node.health = _verdict(node, asked, asks, own.get(node_id))


def _judged(outcomes: list[Outcomes]) -> list[Health]:
    return traffic_healths(np.array(outcomes, np.float64).reshape(-1, len(Outcomes._fields)))


def _annotated(registry: Registry) -> Mapping[str, tuple[Tolerance, ...]]:
    """Of workloads, gateways and services that have rules of their own, by id of the node."""
    found = {}
    for workload in registry.workloads:
        if workload.annotations and (rules := tolerances(workload.annotations)):
            found[place_of(workload, GraphType.WORKLOAD).id] = rules
    for service in registry.services:
        if service.annotations and (rules := tolerances(service.annotations)):
            found[Place(NodeKind.SERVICE, service.namespace, service.name).id] = rules
    return found


_rules = Lately(_annotated)


def _by_own_rules(draft: Draft, rules: Mapping[str, tuple[Tolerance, ...]]) -> Mapping[str, Health]:
    ended: dict[str, list[Ended]] = defaultdict(list)
    for edge_id, edge in draft.edges.items():
        if edge.source in rules:
            ended[edge.source] += _ended(edge, OUTBOUND)
        if edge.target in rules:
            inbound = _ended(edge, INBOUND)
            ended[edge.target] += inbound
            if inbound:
                health = judged(rules[edge.target], inbound)
                draft.edges[edge_id] = edge._replace(health=health)
    return {node_id: judged(rules[node_id], found) for node_id, found in ended.items()}


def _ended(edge: GraphEdge, direction: str) -> list[Ended]:
    return [Ended(edge.protocol, direction, code, rate) for code, rate in edge.responses]


def _verdict(node: NodeDraft, inbound: Health, outbound: Health, own: Health | None) -> Health:
    """`inbound` and `outbound` judge what it answers and sends; `own`: by rules of its own."""
    pods = _pods(node)
    if not node.busy:
        return workload_health(Health.IDLE, pods)
    if node.kind in _JUDGED_BY_OTHERS:
        return worst(own or inbound, TCP)
    usual = inbound if inbound is outbound else worst(inbound, outbound)
    return workload_health(worst(own or usual, TCP), pods)


_JUDGED_BY_OTHERS = frozenset({NodeKind.SERVICE, NodeKind.EXTERNAL})
_WITH_PODS = frozenset({NodeKind.WORKLOAD, NodeKind.APP, NodeKind.GATEWAY})


def _pods(node: NodeDraft) -> Health:
    """Of a workload, app or gateway; of others nothing is expected."""
    if node.kind in _WITH_PODS:
        return replica_health(node.pods_ready, node.pods_desired)
    return Health.IDLE
