"""Appender: what spans tell of who calls whom. An edge says which sources saw it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from topology.contracts import METRICS, TRACES, GraphEdge, NodeKind
from topology.graph.draft import Appender, Context, Draft, NodeDraft
from topology.graph.places import Place
from topology.health import Outcomes, traffic_health


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls of one service by another in the window, as spans tell them; names are the spans'."""

    parent: str
    child: str
    calls: int
    errors: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


def fusing(told: Iterable[Calls], seconds: float | None = None) -> Appender:
    """Marks the edges that spans saw too, and adds those that only spans saw.

    They were told of `seconds`; of the whole window, unless it is given.
    """

    def calls(draft: Draft, context: Context) -> None:
        named = _by_name(draft)
        outbound = _outbound(draft)
        for one in told:
            seen = _seen(one, named, outbound, draft)
            for edge in seen:
                draft.edges[edge.id] = edge._replace(seen_by=(METRICS, TRACES))
            if not seen:
                _add(one, named, draft, seconds or context.window_seconds)

    return calls


def _by_name(draft: Draft) -> Mapping[str, list[str]]:
    """Nodes by each of the names that spans may call them."""
    named: dict[str, list[str]] = defaultdict(list)
    for node_id, node in draft.nodes.items():
        hosts = (f"{node.name}.{node.namespace}",) if node.namespace else ()
        for name in {node.name, node.app, *hosts} - {""}:
            named[name].append(node_id)
    return named


def _outbound(draft: Draft) -> Mapping[str, list[str]]:
    outbound: dict[str, list[str]] = defaultdict(list)
    for edge_id, edge in draft.edges.items():
        outbound[edge.source].append(edge_id)
    return outbound


def _seen(
    one: Calls, named: Mapping[str, list[str]], outbound: Mapping[str, list[str]], draft: Draft
) -> list[GraphEdge]:
    """The edges from the one to the other, and within the other from its service to its workloads."""
    children = frozenset(named.get(one.child, ()))
    first = [
        draft.edges[edge_id]
        for parent in named.get(one.parent, ())
        if parent not in children
        for edge_id in outbound.get(parent, ())
        if draft.edges[edge_id].target in children
    ]
    inner = [
        draft.edges[edge_id]
        for middle in {edge.target for edge in first}
        for edge_id in outbound.get(middle, ())
        if draft.edges[edge_id].target in children
    ]
    return [*first, *inner]


_CALLERS = (NodeKind.WORKLOAD, NodeKind.APP, NodeKind.GATEWAY, NodeKind.SERVICE)
_CALLED = (NodeKind.SERVICE, NodeKind.APP, NodeKind.WORKLOAD, NodeKind.GATEWAY)


def _add(one: Calls, named: Mapping[str, list[str]], draft: Draft, seconds: float) -> None:
    source = _node(one.parent, named, _CALLERS, draft)
    target = _node(one.child, named, _CALLED, draft)
    outcomes = Outcomes(http=one.calls / seconds, server_errors=one.errors / seconds)
    _grow(draft, source, target, outcomes)
    edge_id = f"{source}->{target}|{TRACES}"
    draft.edges[edge_id] = GraphEdge(
        id=edge_id,
        source=source,
        target=target,
        protocol=TRACES,
        requests_per_second=outcomes.http,
        requests_total=one.calls,
        error_ratio=outcomes.error_ratio,
        p50_ms=one.p50_ms,
        p95_ms=one.p95_ms,
        p99_ms=one.p99_ms,
        health=traffic_health(outcomes),
        seen_by=(TRACES,),
    )


def _grow(draft: Draft, source: str, target: str, outcomes: Outcomes) -> None:
    sender, answerer = draft.nodes[source], draft.nodes[target]
    sender.outbound = _sum(sender.outbound, outcomes)
    answerer.inbound = _sum(answerer.inbound, outcomes)
    sender.busy = answerer.busy = True


def _sum(one: Outcomes, other: Outcomes) -> Outcomes:
    return Outcomes(*(a + b for a, b in zip(one, other, strict=True)))


def _node(
    name: str, named: Mapping[str, list[str]], kinds: tuple[NodeKind, ...], draft: Draft
) -> str:
    """The node of that name, or one outside of the mesh."""
    found = [node_id for node_id in named.get(name, ()) if draft.nodes[node_id].kind in kinds]
    if found:
        return min(found, key=lambda one: (kinds.index(draft.nodes[one].kind), one))
    place = Place(NodeKind.EXTERNAL, "", name)
    draft.nodes.setdefault(place.id, NodeDraft(*place))
    return place.id
