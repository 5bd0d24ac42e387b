"""Appender: the health of every node."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from topology.contracts import GraphEdge, Health, NodeKind
from topology.graph.draft import Context, Draft, NodeDraft
from topology.health import replica_health, traffic_health, workload_health, worst
from topology.tolerances import INBOUND, OUTBOUND, Ended, Tolerance, judged, tolerances

TCP = Health.HEALTHY
"""Traffic without requests has nothing to be judged by."""


def verdicts(draft: Draft, context: Context) -> None:
    """Services by the requests they get; workloads by those they get, those they send, and pods.

    By their own rules where they have some; an edge by those of its target.
    """
    rules = _rules(draft, context)
    own = _by_own_rules(draft, rules) if rules else {}
    for node_id, node in draft.nodes.items():
        node.health = _verdict(node, own.get(node_id))


def _rules(draft: Draft, context: Context) -> Mapping[str, tuple[Tolerance, ...]]:
    """Of workloads, gateways and services that have an annotation, by node."""
    found = {}
    for node_id, node in draft.nodes.items():
        name = (node.namespace, node.name)
        if node.kind is NodeKind.SERVICE:
            annotated = context.services[name].annotations if name in context.services else ()
        else:
            known = node.kind is not NodeKind.APP and name in context.workloads
            annotated = context.workloads[name].annotations if known else ()
        if annotated and (rules := tolerances(annotated)):
            found[node_id] = rules
    return found


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
                draft.edges[edge_id] = replace(edge, health=health)
    return {node_id: judged(rules[node_id], found) for node_id, found in ended.items()}


def _ended(edge: GraphEdge, direction: str) -> list[Ended]:
    return [Ended(edge.protocol, direction, code, rate) for code, rate in edge.responses]


def _verdict(node: NodeDraft, own: Health | None) -> Health:
    """`own` is its traffic's health by rules of its own."""
    if not node.busy:
        return workload_health(Health.IDLE, _pods(node))
    if node.kind in (NodeKind.SERVICE, NodeKind.EXTERNAL):
        return worst(own or traffic_health(node.inbound), TCP)
    usual = worst(traffic_health(node.inbound), traffic_health(node.outbound))
    return workload_health(worst(own or usual, TCP), _pods(node))


def _pods(node: NodeDraft) -> Health:
    """Of a workload, app or gateway; of others nothing is expected."""
    if node.kind in (NodeKind.WORKLOAD, NodeKind.APP, NodeKind.GATEWAY):
        return replica_health(node.pods_ready, node.pods_desired)
    return Health.IDLE
