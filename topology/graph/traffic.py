"""Appender: the nodes and edges that carried traffic in the window."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import EdgeKey
from topology.contracts import GraphEdge, GraphType, Health, Registry
from topology.graph.accounting import UNKNOWN, Counted, counted
from topology.graph.draft import Context, Draft, Name, NodeDraft
from topology.graph.places import Guide, Place
from topology.graph.quantiles import quantiles
from topology.graph.window import BUCKETS, BYTES_RECEIVED, BYTES_SENT, REQUESTS, Counts
from topology.health import Outcomes, error_ratios, outcome_of, traffic_healths

Floats = NDArray[np.float64]
Values = TypeVar("Values", Floats, Counts)
outcome = lru_cache(4096)(outcome_of)


_Ends = tuple[int, int, str]
"""Indexes of the source and the target among the places, and the protocol."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Row `rows[i]` of the counts is part of edge `members[i]`; edges refer to places by index.

    `rows` are in the order of their edges; those of edge e begin at `starts[e]`.
    `ids[i]` is the id of `places[i]`.
    """

    places: tuple[Place, ...]
    ids: tuple[str, ...]
    edges: tuple[_Ends, ...]
    rows: NDArray[np.int64]
    members: NDArray[np.int64]
    starts: NDArray[np.int64]

    def per_edge(self, values: Values) -> Values:
        """Sums of rows of values, one sum for each edge."""
        sums: Values = np.add.reduceat(values[self.rows], self.starts)
        return sums


def traffic(draft: Draft, context: Context) -> None:
    """Sums the counted rows per edge: rates, outcomes, quantiles, mutual TLS."""
    data = counted(context.totals)
    if not data.keys:
        return
    layout = _layout(data.keys, context)
    outcomes = _outcomes(data, layout, context.totals.seconds)
    strangers: list[NodeDraft] = []
    for place, node_id in zip(layout.places, layout.ids, strict=True):
        if node_id not in draft.nodes:
            draft.nodes[node_id] = _node(place, context, strangers)
    if strangers:
        _tell_versions(strangers, data.keys)
    _judge_nodes(draft, layout, outcomes)
    for edge in _edges(data, layout, outcomes, context.totals.seconds):
        draft.edges[edge.id] = edge


def _serving(keys: Iterable[EdgeKey]) -> Mapping[Name, Collection[Name]]:
    """The services that each workload was called as, in the order of the keys."""
    found: dict[Name, dict[Name, None]] = {}
    for key in keys:
        if UNKNOWN not in (key.destination_workload, key.destination_service):
            services = found.setdefault((key.destination_namespace, key.destination_workload), {})
            services[key.destination_service_namespace, key.destination_service] = None
    return found


@dataclass(frozen=True, slots=True)
class _LaidOut:
    """A layout and all that it was made from."""

    keys: Sequence[EdgeKey]
    registry: Registry
    graph_type: GraphType
    layout: _Layout

    def of(self, keys: Sequence[EdgeKey], context: Context) -> bool:
        alike = self.registry is context.registry and self.graph_type is context.graph_type
        return alike and self.keys == keys


_KEPT = 4
"""As many as there are windows of the live graph, and one."""
_latest: tuple[_LaidOut, ...] = ()


def _layout(keys: Sequence[EdgeKey], context: Context) -> _Layout:
    """From one second to the next it is mostly the same."""
    global _latest  # noqa: PLW0603  a cache of values, whole ones put in place of whole ones
    for one in _latest:
        if one.of(keys, context):
            return one.layout
    layout = _lay_out(keys, context)
    made = _LaidOut(keys, context.registry, context.graph_type, layout)
    _latest = (made, *_latest[: _KEPT - 1])
    return layout


def _lay_out(keys: Sequence[EdgeKey], context: Context) -> _Layout:
    guide = Guide(context)
    edges: dict[_Ends, int] = {}
    rows: list[int] = []
    members: list[int] = []
    serving = _serving(keys) if context.graph_type is GraphType.SERVICE else {}
    for row, key in enumerate(keys):
        for source, target in guide.hops(key, serving):
            rows.append(row)
            members.append(edges.setdefault((source, target, key.protocol), len(edges)))
    order = np.argsort(members, kind="stable")
    grouped = np.array(members, np.int64)[order]
    return _Layout(
        places=guide.places,
        ids=tuple(place.id for place in guide.places),
        edges=tuple(edges),
        rows=np.array(rows, np.int64)[order],
        members=grouped,
        starts=np.searchsorted(grouped, np.arange(len(edges))),
    )


def _node(place: Place, context: Context, strangers: list[NodeDraft]) -> NodeDraft:
    """`strangers` grows by a workload that the registry does not know."""
    kind, namespace, name = place
    if kind in ("workload", "gateway"):
        known = context.workloads.get((namespace, name))
        if known is not None:
            return NodeDraft(kind, namespace, name, app=known.app, version=known.version)
    if kind == "app":
        app, _, version = name.partition(" ")
        return NodeDraft(kind, namespace, name, app=app, version=version)
    node = NodeDraft(kind, namespace, name, app=name if kind in ("workload", "service") else "")
    if kind == "workload":
        strangers.append(node)
    return node


def _tell_versions(strangers: Iterable[NodeDraft], keys: Iterable[EdgeKey]) -> None:
    """As their traffic says."""
    versions = {
        (key.destination_namespace, key.destination_workload): key.destination_version
        for key in keys
    }
    for node in strangers:
        version = versions.get((node.namespace, node.name), UNKNOWN)
        node.version = "" if version == UNKNOWN else version


def _outcomes(data: Counted, layout: _Layout, seconds: int) -> Floats:
    """Requests per second of each edge by outcome: one column per field of Outcomes."""
    kinds = np.array([outcome(key.protocol, key.code, key.flags) for key in data.keys])
    rates = kinds * (data.counts[:, REQUESTS] / seconds)[:, None]
    return layout.per_edge(rates)


def _judge_nodes(draft: Draft, layout: _Layout, outcomes: Floats) -> None:
    count = len(layout.places)
    sources = np.array([source for source, _, _ in layout.edges])
    targets = np.array([target for _, target, _ in layout.edges])
    sent = _summed(outcomes, sources, count).tolist()
    received = _summed(outcomes, targets, count).tolist()
    for node_id, out, inn in zip(layout.ids, sent, received, strict=True):
        node = draft.nodes[node_id]
        node.inbound, node.outbound = Outcomes(*inn), Outcomes(*out)
        node.busy = True


def _edges(data: Counted, layout: _Layout, outcomes: Floats, seconds: int) -> Iterable[GraphEdge]:
    ids = layout.ids
    counts = layout.per_edge(data.counts)
    columns = zip(
        layout.edges,
        counts[:, REQUESTS].tolist(),
        (counts[:, [REQUESTS, BYTES_SENT, BYTES_RECEIVED]] / seconds).tolist(),
        error_ratios(outcomes).tolist(),
        *_milliseconds(counts[:, BUCKETS:]),
        _mtls(data, layout).tolist(),
        _responses(data, layout),
        layout.per_edge(data.open_connections).tolist(),
        traffic_healths(outcomes),
        strict=True,
    )
    idle, healthy = Health.IDLE, Health.HEALTHY  # looking up a member of an enum is slow
    for (
        ends,
        requests,
        rates,
        errors,
        p50,
        p95,
        p99,
        mtls,
        responses,
        still_open,
        health,
    ) in columns:
        source, target = ids[ends[0]], ids[ends[1]]
        yield GraphEdge(
            id=f"{source}->{target}|{ends[2]}",
            source=source,
            target=target,
            protocol=ends[2],
            requests_per_second=rates[0],
            requests_total=requests,
            error_ratio=errors,
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            mtls_ratio=mtls,
            responses=_rates(responses, seconds),
            bytes_sent_per_second=rates[1],
            bytes_received_per_second=rates[2],
            connections_open=still_open,
            health=healthy if health is idle else health,  # TCP has nothing to be judged by
        )


def _rates(counts: dict[str, int], seconds: int) -> tuple[tuple[str, float], ...]:
    codes = counts if len(counts) < 2 else sorted(counts)
    return tuple([(code, counts[code] / seconds) for code in codes])


def _responses(data: Counted, layout: _Layout) -> list[dict[str, int]]:
    """Requests by code, for each edge."""
    requests = data.counts[:, REQUESTS].tolist()
    found: list[dict[str, int]] = [{} for _ in layout.edges]
    for row, edge in zip(layout.rows.tolist(), layout.members.tolist(), strict=True):
        if requests[row]:
            code = data.keys[row].code
            found[edge][code] = found[edge].get(code, 0) + requests[row]
    return found


def _mtls(data: Counted, layout: _Layout) -> Floats:
    """The share of the traffic over connections whose security is known."""
    requests = data.counts[:, REQUESTS]
    sent = data.counts[:, BYTES_SENT] + data.counts[:, BYTES_RECEIVED]
    volume = np.where(requests > 0, requests, np.where(sent > 0, sent, data.open_connections))
    told = ~np.isnan(data.mtls)
    weights = np.stack([np.where(told, data.mtls, 0) * volume, told * volume], axis=1)
    sums = layout.per_edge(weights)
    return np.divide(sums[:, 0], sums[:, 1], out=np.zeros(len(sums)), where=sums[:, 1] > 0)


def _milliseconds(buckets: Counts) -> Iterator[list[float | None]]:
    """The median, and what 95 and 99 of a hundred stay below."""
    for column in quantiles(buckets, (0.5, 0.95, 0.99)):
        yield [None if ms != ms else ms for ms in column.tolist()]  # noqa: PLR0124  NaN alone differs from itself


def _summed(values: Values, groups: NDArray[np.int64], size: int) -> Values:
    """Row g of the answer is the sum of the rows whose group is g."""
    sums = np.zeros((size, values.shape[1]), values.dtype)
    if len(groups):
        order = np.argsort(groups, kind="stable")
        present, starts = np.unique(groups[order], return_index=True)
        sums[present] = np.add.reduceat(values[order], starts)
    return sums
