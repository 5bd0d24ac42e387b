"""Appender: the nodes and edges that carried traffic in the window."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import EdgeKey
from topology.contracts import METRICS, GraphEdge, GraphType, Health, NodeKind, Registry
from topology.graph.accounting import UNKNOWN, Counted, counted
from topology.graph.draft import Context, Draft, Name, NodeDraft, workloads_of
from topology.graph.lately import Lately
from topology.graph.places import Guide, Place
from topology.graph.quantiles import quantiles
from topology.graph.window import BUCKETS, BYTES_RECEIVED, BYTES_SENT, REQUESTS, Counts
from topology.health import Outcomes, error_ratios, outcome_of, traffic_healths

Floats = NDArray[np.float64]
Values = TypeVar("Values", Floats, Counts)
outcome = lru_cache(4096)(outcome_of)


_Ends = tuple[int, int, str]
"""Indexes of the source and the target among the places, and the protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What the keys alone say. Row `rows[i]` of the counts is part of edge `members[i]`.

    `rows` are in the order of their edges; those of edge e begin at `starts[e]`. Places have `ids`
    and how their nodes begin; edges have ids, those of their ends and a protocol. `kinds` has the
    outcome of a request of each row. Entry i of `coded` is a row, by edge and code; the rows of one edge
    and one code begin at one of `code_starts`: `codes` and `code_edges` say of which.
    """

    ids: tuple[str, ...]
    nodes: tuple[tuple[NodeKind, str, str, str, str], ...]
    edge_ids: tuple[str, ...]
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    source_ids: tuple[str, ...]
    target_ids: tuple[str, ...]
    protocols: tuple[str, ...]
    kinds: Floats
    rows: NDArray[np.int64]
    members: NDArray[np.int64]
    starts: NDArray[np.int64]
    coded: NDArray[np.int64]
    code_starts: NDArray[np.int64]
    code_edges: NDArray[np.int64]
    codes: tuple[str, ...]

    def per_edge(self, values: Values) -> Values:
        """Sums of rows of values, one sum for each edge."""
        sums: Values = np.add.reduceat(values[self.rows], self.starts)
        return sums


def traffic(draft: Draft, context: Context) -> None:
    """Sums the counted rows per edge: rates, outcomes, quantiles, mutual TLS."""
    data = counted(context.totals)
    if not data.keys:
        return
    seconds = context.totals.seconds
    layout = _layout(context.graph_type, context.registry, data.keys)
    rates = layout.kinds * (data.counts[:, REQUESTS] / seconds)[:, None]
    outcomes = layout.per_edge(rates)
    _add_nodes(draft, layout, outcomes)
    edges = map(GraphEdge._make, _edges(data, layout, outcomes, seconds))
    draft.edges.update(zip(layout.edge_ids, edges, strict=True))


def _serving(keys: Iterable[EdgeKey]) -> Mapping[Name, Collection[Name]]:
    """The services that each workload was called as, in the order of the keys."""
    found: dict[Name, dict[Name, None]] = {}
    for key in keys:
        if UNKNOWN not in (key.destination_workload, key.destination_service):
            services = found.setdefault((key.destination_namespace, key.destination_workload), {})
            services[key.destination_service_namespace, key.destination_service] = None
    return found


def _lay_out(graph_type: GraphType, registry: Registry, keys: Sequence[EdgeKey]) -> _Layout:
    guide = Guide(graph_type, registry)
    edges: dict[_Ends, int] = {}
    rows: list[int] = []
    members: list[int] = []
    serving = _serving(keys) if graph_type is GraphType.SERVICE else {}
    for row, key in enumerate(keys):
        for source, target in guide.hops(key, serving):
            rows.append(row)
            members.append(edges.setdefault((source, target, key.protocol), len(edges)))
    by_edge = np.argsort(members, kind="stable")
    grouped, ordered = np.array(members, np.int64)[by_edge], np.array(rows, np.int64)[by_edge]
    ids = tuple(place.id for place in guide.places)
    sources, targets, protocols = zip(*edges, strict=True)
    source_ids, target_ids = tuple(ids[one] for one in sources), tuple(ids[one] for one in targets)
    names = zip(source_ids, target_ids, protocols, strict=True)
    versions = _versions(keys)
    coded, code_starts, code_edges, codes = _by_code(keys, ordered, grouped)
    return _Layout(
        ids=ids,
        nodes=tuple(_node(place, registry, versions) for place in guide.places),
        edge_ids=tuple(f"{source}->{target}|{protocol}" for source, target, protocol in names),
        sources=np.array(sources, np.int64),
        targets=np.array(targets, np.int64),
        source_ids=source_ids,
        target_ids=target_ids,
        protocols=protocols,
        kinds=np.array([outcome(key.protocol, key.code, key.flags) for key in keys]),
        rows=ordered,
        members=grouped,
        starts=np.searchsorted(grouped, np.arange(len(edges))),
        coded=coded,
        code_starts=code_starts,
        code_edges=code_edges,
        codes=codes,
    )


_layout = Lately(_lay_out)


def _by_code(
    keys: Sequence[EdgeKey], rows: NDArray[np.int64], members: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Rows by edge and code; where each group of them begins, its edge and its code."""
    names = sorted({key.code for key in keys})
    ranks = {name: rank for rank, name in enumerate(names)}
    codes = np.array([ranks[key.code] for key in keys], np.int64)[rows]
    order = np.lexsort((codes, members))
    groups = members[order] * len(names) + codes[order]
    found, starts = np.unique(groups, return_index=True)
    told = tuple(names[code] for code in (found % len(names)).tolist())
    return rows[order], starts, found // len(names), told


def _node(
    place: Place, registry: Registry, versions: Mapping[Name, str]
) -> tuple[NodeKind, str, str, str, str]:
    """Kind, namespace, name, app and version; of a workload that is not known, as its traffic says."""
    kind, namespace, name = place
    known = None
    if kind in (NodeKind.WORKLOAD, NodeKind.GATEWAY):
        known = workloads_of(registry).get((namespace, name))
    if known is not None:
        return (kind, namespace, name, known.app, known.version)
    if kind is NodeKind.APP:
        app, _, version = name.partition(" ")
        return (kind, namespace, name, app, version)
    if kind is NodeKind.WORKLOAD:
        version = versions.get((namespace, name), UNKNOWN)
        return (kind, namespace, name, name, "" if version == UNKNOWN else version)
    return (kind, namespace, name, name if kind is NodeKind.SERVICE else "", "")


def _versions(keys: Iterable[EdgeKey]) -> Mapping[Name, str]:
    return {
        (key.destination_namespace, key.destination_workload): key.destination_version
        for key in keys
    }


def _add_nodes(draft: Draft, layout: _Layout, outcomes: Floats) -> None:
    count = len(layout.ids)
    sent = map(Outcomes._make, _summed(outcomes, layout.sources, count).tolist())
    received = map(Outcomes._make, _summed(outcomes, layout.targets, count).tolist())
    for node_id, named, out, inn in zip(layout.ids, layout.nodes, sent, received, strict=True):
        draft.nodes[node_id] = NodeDraft(*named, inbound=inn, outbound=out, busy=True)


def _edges(
    data: Counted, layout: _Layout, outcomes: Floats, seconds: int
) -> Iterator[tuple[object, ...]]:
    """The fields of each GraphEdge in their order, as far as its traffic says them."""
    counts = layout.per_edge(data.counts)
    rates = counts[:, [REQUESTS, BYTES_SENT, BYTES_RECEIVED]] / seconds
    idle, healthy = Health.IDLE, Health.HEALTHY
    healths = [
        healthy if health is idle else health  # TCP has nothing to be judged by
        for health in traffic_healths(outcomes)
    ]
    return zip(
        layout.edge_ids,
        layout.source_ids,
        layout.target_ids,
        layout.protocols,
        rates[:, 0].tolist(),
        counts[:, REQUESTS].tolist(),
        error_ratios(outcomes).tolist(),
        *_milliseconds(counts[:, BUCKETS:]),
        _mtls(data, layout).tolist(),
        _responses(data, layout, seconds),
        rates[:, 1].tolist(),
        rates[:, 2].tolist(),
        layout.per_edge(data.open_connections).tolist(),
        healths,
        repeat((METRICS,)),
        repeat(None),
    )


def _responses(
    data: Counted, layout: _Layout, seconds: int
) -> Iterator[tuple[tuple[str, float], ...]]:
    """Requests per second by code, for each edge; codes that nothing ended with are left out."""
    requests = np.add.reduceat(data.counts[layout.coded, REQUESTS], layout.code_starts)
    some = np.flatnonzero(requests)
    codes = layout.codes if len(some) == len(requests) else [layout.codes[i] for i in some]
    told = list(zip(codes, (requests[some] / seconds).tolist(), strict=True))
    edges = np.arange(len(layout.edge_ids) + 1)
    bounds = np.searchsorted(layout.code_edges[some], edges).tolist()
    for first, last in pairwise(bounds):
        yield tuple(told[first:last])


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
