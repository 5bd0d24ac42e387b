"""Which counts make the graph, so that no request is counted twice.

Both ends of a connection report it. As in Kiali the source's word counts; the destination's only
where no proxy of the mesh was the source. Over mutual TLS a source is always a proxy of the mesh.
Over plain text a destination cannot name its caller: what plain-text sources have reported to
the same workload is taken off, and the rest came from outside the mesh.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import EdgeKey, Reporter
from topology.graph.window import BYTES_RECEIVED, BYTES_SENT, REQUESTS, Counts, Totals

UNKNOWN = "unknown"
MUTUAL_TLS = "mutual_tls"
NEGLIGIBLE = 0.01
"""A rest below this share of what the sources reported is a difference in timing."""

_Target = tuple[str, str, str, str]
_Pair = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The rows to draw. Row i of each array belongs to `keys[i]`.

    `mtls` is the share of its connections that were mutual TLS, NaN where nobody could tell
    (a request that never reached a connection, say).
    """

    keys: tuple[EdgeKey, ...]
    counts: Counts
    mtls: NDArray[np.float64]
    open_connections: NDArray[np.int64]


class _Row(NamedTuple):
    at: int
    key: EdgeKey
    weight: int
    recent: int


def counted(totals: Totals) -> Counted:
    """Choose the rows, scale the ones that are partly known, fill in security."""
    sources, destinations = _by_reporter(totals)
    outsiders = tuple(_outsiders(sources, destinations))
    rows = [*sources, *(row for row, _ in outsiders)]
    index = np.array([row.at for row in rows], np.int64)
    counts = totals.counts[index]
    for offset, (_, share) in enumerate(outsiders, len(sources)):
        if share < 1:
            counts[offset] = np.rint(counts[offset] * share)
    return Counted(
        keys=tuple(row.key for row in rows),
        counts=counts,
        mtls=_security(sources, destinations, len(outsiders)),
        open_connections=totals.open_connections[index],
    )


def _by_reporter(totals: Totals) -> tuple[list[_Row], list[_Row]]:
    """The rows with traffic or open connections: what sources said, what destinations said."""
    sources: list[_Row] = []
    destinations: list[_Row] = []
    keys, source = totals.keys, Reporter.SOURCE
    active = np.flatnonzero(totals.counts.any(axis=1) | (totals.open_connections > 0))
    weights = _weights(totals.counts)[active].tolist()
    recents = _weights(totals.recent)[active].tolist()
    for index, weight, recent in zip(active.tolist(), weights, recents, strict=True):
        key = keys[index]
        if key is not None:
            side = sources if key.reporter is source else destinations
            side.append(_Row(index, key, weight, recent))
    return sources, destinations


def _weights(counts: Counts) -> NDArray[np.int64]:
    """How much traffic a row is: its requests, or its bytes for TCP."""
    requests = counts[:, REQUESTS]
    return np.where(requests > 0, requests, counts[:, BYTES_SENT] + counts[:, BYTES_RECEIVED])


def _outsiders(
    sources: Iterable[_Row], destinations: Iterable[_Row]
) -> Iterator[tuple[_Row, float]]:
    """Rows of callers outside the mesh, each with the share of it that is theirs."""
    unnamed = [
        row
        for row in destinations
        if row.key.source_workload == UNKNOWN and row.key.security != MUTUAL_TLS
    ]
    if not unnamed:
        return
    reported: dict[_Target, int] = {}
    for row in sources:
        if row.key.security != MUTUAL_TLS:
            target = _target(row.key)
            reported[target] = reported.get(target, 0) + row.weight
    seen: dict[_Target, int] = {}
    settled: dict[_Target, int] = {}
    for row in unnamed:
        target = _target(row.key)
        seen[target] = seen.get(target, 0) + row.weight
        settled[target] = settled.get(target, 0) + row.weight - row.recent
    for row in unnamed:
        target = _target(row.key)
        inside = reported.get(target)
        if inside is None:
            yield row, 1.0
            continue
        rest = settled[target] - inside  # the sources may not have told of the newest seconds yet
        if rest > NEGLIGIBLE * inside:
            yield row, rest / seen[target]


def _target(key: EdgeKey) -> _Target:
    return (key.destination_namespace, key.destination_workload, key.protocol, key.code)


def _security(sources: list[_Row], destinations: list[_Row], outsiders: int) -> NDArray[np.float64]:
    shares = [_SHARES.get(row.key.security, np.nan) for row in sources]
    untold = [i for i, share in enumerate(shares) if share != share]  # noqa: PLR0124  NaN alone differs from itself
    if untold:
        seen = _seen_by_destinations(destinations)
        for i in untold:
            key = sources[i].key
            shares[i] = seen.get(_pair(key), seen.get(_anyone(key), np.nan))
    return np.array([*shares, *[0.0] * outsiders], np.float64)


_SHARES = {MUTUAL_TLS: 1.0, "none": 0.0}


def _seen_by_destinations(destinations: Iterable[_Row]) -> dict[_Pair, float]:
    """The mutual TLS share of each pair of workloads, and of each workload's unnamed callers."""
    secured: dict[_Pair, float] = {}
    total: dict[_Pair, float] = {}
    for row in destinations:
        share = _SHARES.get(row.key.security)
        if share is not None:
            pair = _pair(row.key)
            secured[pair] = secured.get(pair, 0.0) + share * row.weight
            total[pair] = total.get(pair, 0.0) + row.weight
    return {pair: secured[pair] / weight for pair, weight in total.items() if weight}


def _pair(key: EdgeKey) -> _Pair:
    return (
        key.source_namespace,
        key.source_workload,
        key.destination_namespace,
        key.destination_workload,
        key.protocol,
    )


def _anyone(key: EdgeKey) -> _Pair:
    return (UNKNOWN, UNKNOWN, *_pair(key)[2:])
