"""Appender: the nodes and edges that carried traffic in the window."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import EdgeKey
from topology.contracts import GraphEdge, Health
from topology.graph.accounting import Counted, counted
from topology.graph.draft import Context, Draft, NodeDraft
from topology.graph.places import Guide, Place
from topology.graph.quantiles import quantiles
from topology.graph.window import BUCKETS, BYTES_RECEIVED, BYTES_SENT, REQUESTS, Counts
from topology.health import Outcomes, outcome_of, traffic_health

Floats = NDArray[np.float64]
Values = TypeVar("Values", Floats, Counts)
outcome = lru_cache(4096)(outcome_of)


class _Ends(NamedTuple):
    source: int
    target: int
    protocol: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """Row `rows[i]` of the counts is part of edge `members[i]`; edges refer to places by index."""

    places: tuple[Place, ...]
    edges: tuple[_Ends, ...]
    rows: NDArray[np.int64]
    members: NDArray[np.int64]


def traffic(draft: Draft, context: Context) -> None:
    """Sums the counted rows per edge: rates, outcomes, quantiles, mutual TLS."""
    data = counted(context.totals)
    if not data.keys:
        return
    layout = _lay_out(data.keys, context)
    outcomes = _outcomes(data, layout, context.totals.seconds)
    versions = {
        (key.destination_namespace, key.destination_workload): key.destination_version
        for key in data.keys
    }
    for place in layout.places:
        draft.nodes.setdefault(place.id, _node(place, versions, context))
    _judge_nodes(draft, layout, outcomes)
    for edge in _edges(data, layout, outcomes, context.totals.seconds):
        draft.edges[edge.id] = edge


def _lay_out(keys: Iterable[EdgeKey], context: Context) -> _Layout:
    guide = Guide(context)
    edges: dict[_Ends, int] = {}
    rows: list[int] = []
    members: list[int] = []
    for row, key in enumerate(keys):
        for source, target in pairwise(guide.path(key)):
            ends = _Ends(source, target, key.protocol)
            rows.append(row)
            members.append(edges.setdefault(ends, len(edges)))
    return _Layout(
        tuple(guide.places), tuple(edges), np.array(rows, np.int64), np.array(members, np.int64)
    )


def _node(place: Place, versions: dict[tuple[str, str], str], context: Context) -> NodeDraft:
    kind, namespace, name = place
    known = context.workloads.get((namespace, name)) if kind in ("workload", "gateway") else None
    if known is not None:
        return NodeDraft(kind, namespace, name, app=known.app, version=known.version)
    version = versions.get((namespace, name), "") if kind == "workload" else ""
    app = name if kind in ("workload", "service") else ""
    return NodeDraft(
        kind, namespace, name, app=app, version="" if version == "unknown" else version
    )


def _outcomes(data: Counted, layout: _Layout, seconds: int) -> Floats:
    """Requests per second of each edge by outcome: one column per field of Outcomes."""
    kinds = np.array([outcome(key.protocol, key.code, key.flags) for key in data.keys])
    rates = kinds * (data.counts[:, REQUESTS] / seconds)[:, None]
    return _summed(rates[layout.rows], layout.members, len(layout.edges))


def _judge_nodes(draft: Draft, layout: _Layout, outcomes: Floats) -> None:
    count = len(layout.places)
    sources = np.array([edge.source for edge in layout.edges])
    targets = np.array([edge.target for edge in layout.edges])
    sent = _summed(outcomes, sources, count).tolist()
    received = _summed(outcomes, targets, count).tolist()
    for place, out, inn in zip(layout.places, sent, received, strict=True):
        node = draft.nodes[place.id]
        node.inbound, node.outbound = Outcomes(*inn), Outcomes(*out)
        node.busy = True


def _edges(data: Counted, layout: _Layout, outcomes: Floats, seconds: int) -> Iterable[GraphEdge]:
    size = len(layout.edges)
    counts = _summed(data.counts[layout.rows], layout.members, size)
    opened = _summed(data.open_connections[layout.rows, None], layout.members, size).tolist()
    columns = [_milliseconds(counts[:, BUCKETS:], q) for q in (0.5, 0.95, 0.99)]
    mtls = _mtls(data, layout).tolist()
    responses = _responses(data, layout)
    ids = [place.id for place in layout.places]
    rates, failed = outcomes.tolist(), _failed(outcomes)
    totals = counts[:, [REQUESTS, BYTES_SENT, BYTES_RECEIVED]].tolist()
    for i, (source, target, protocol) in enumerate(layout.edges):
        requests, sent, received = totals[i]
        ended = Outcomes(*rates[i]) if failed[i] else None
        yield GraphEdge(
            id=f"{ids[source]}->{ids[target]}|{protocol}",
            source=ids[source],
            target=ids[target],
            protocol=protocol,
            requests_per_second=requests / seconds,
            requests_total=requests,
            error_ratio=ended.error_ratio if ended else 0.0,
            p50_ms=columns[0][i],
            p95_ms=columns[1][i],
            p99_ms=columns[2][i],
            mtls_ratio=mtls[i],
            responses=_rates(responses[i], seconds),
            bytes_sent_per_second=sent / seconds,
            bytes_received_per_second=received / seconds,
            connections_open=opened[i][0],
            health=traffic_health(ended) if ended else Health.HEALTHY,
        )


def _rates(counts: dict[str, int], seconds: int) -> tuple[tuple[str, float], ...]:
    codes = counts if len(counts) < 2 else sorted(counts)
    return tuple([(code, counts[code] / seconds) for code in codes])


def _failed(outcomes: Floats) -> list[bool]:
    """Where there is anything to judge: TCP, and requests without failures, are healthy."""
    kinds = [i for i, name in enumerate(Outcomes._fields) if name not in ("http", "grpc")]
    failures: list[float] = outcomes[:, kinds].sum(axis=1).tolist()
    return [failed > 0 for failed in failures]


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
    sums = _summed(weights[layout.rows], layout.members, len(layout.edges))
    return np.divide(sums[:, 0], sums[:, 1], out=np.zeros(len(sums)), where=sums[:, 1] > 0)


def _milliseconds(buckets: Counts, quantile: float) -> list[float | None]:
    return [None if ms != ms else ms for ms in quantiles(buckets, quantile).tolist()]  # noqa: PLR0124  NaN alone differs from itself


def _summed(values: Values, groups: NDArray[np.int64], size: int) -> Values:
    """Row g of the answer is the sum of the rows whose group is g."""
    sums = np.zeros((size, values.shape[1]), values.dtype)
    if len(groups):
        order = np.argsort(groups, kind="stable")
        present, starts = np.unique(groups[order], return_index=True)
        sums[present] = np.add.reduceat(values[order], starts)
    return sums
