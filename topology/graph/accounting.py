"""Which counts make the graph, so that no request is counted twice.

Both ends of a connection report it. As in Kiali the source's word counts; the destination's only
where no proxy of the mesh was the source. Over mutual TLS a source is always a proxy of the mesh.
Over plain text a destination cannot name its caller: what plain-text sources have reported to
the same workload is taken off, and the rest came from outside the mesh.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import EdgeKey, Reporter
from topology.graph.lately import Lately
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
    traits = _traits(totals.keys)
    active = totals.counts.any(axis=1) | (totals.open_connections > 0)
    sources = np.flatnonzero(active & traits.sources)
    destinations = np.flatnonzero(active & traits.destinations)
    outsiders = tuple(_outsiders(totals, traits, sources, destinations))
    index = np.concatenate([sources, np.array([row.at for row, _ in outsiders], np.int64)])
    counts = totals.counts[index]
    for offset, (_, share) in enumerate(outsiders, len(sources)):
        if share < 1:
            counts[offset] = np.rint(counts[offset] * share)
    security = _security(totals, traits, sources, destinations)
    return Counted(
        keys=tuple([key for at in index.tolist() if (key := totals.keys[at]) is not None]),
        counts=counts,
        mtls=np.concatenate([security, np.zeros(len(outsiders))]),
        open_connections=totals.open_connections[index],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traits:
    """What rows are by their keys: who told of them, their mutual TLS share (NaN: not told).

    `unnamed`: told by a destination that could not name its caller. A row without a key is nothing.
    """

    sources: NDArray[np.bool_]
    destinations: NDArray[np.bool_]
    unnamed: NDArray[np.bool_]
    secured: NDArray[np.float64]


def _traits_of(keys: Sequence[EdgeKey | None]) -> _Traits:
    source = Reporter.SOURCE
    told_by = [None if key is None else key.reporter is source for key in keys]
    nameless = [key is not None and key.source_workload == UNKNOWN for key in keys]
    shares = [np.nan if key is None else _SHARES.get(key.security, np.nan) for key in keys]
    secured = np.array(shares, np.float64)
    destinations = np.array([one is False for one in told_by], np.bool_)
    return _Traits(
        sources=np.array([one is True for one in told_by], np.bool_),
        destinations=destinations,
        unnamed=destinations & np.array(nameless, np.bool_) & (secured != 1.0),
        secured=secured,
    )


_SHARES = {MUTUAL_TLS: 1.0, "none": 0.0}
_traits = Lately(_traits_of)


def _rows(totals: Totals, indexes: NDArray[np.int64]) -> list[_Row]:
    weights = _weights(totals.counts[indexes]).tolist()
    recents = _weights(totals.recent[indexes]).tolist()
    return [
        _Row(at, key, weight, recent)
        for at, weight, recent in zip(indexes.tolist(), weights, recents, strict=True)
        if (key := totals.keys[at]) is not None
    ]


def _weights(counts: Counts) -> NDArray[np.int64]:
    """How much traffic a row is: its requests, or its bytes for TCP."""
    requests = counts[:, REQUESTS]
    return np.where(requests > 0, requests, counts[:, BYTES_SENT] + counts[:, BYTES_RECEIVED])


def _outsiders(
    totals: Totals,
    traits: _Traits,
    sources: NDArray[np.int64],
    destinations: NDArray[np.int64],
) -> Iterator[tuple[_Row, float]]:
    """Rows of callers outside the mesh, each with the share of it that is theirs."""
    unnamed = _rows(totals, destinations[traits.unnamed[destinations]])
    if not unnamed:
        return
    reported: dict[_Target, int] = {}
    for row in _rows(totals, sources[traits.secured[sources] != 1.0]):
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


def _security(
    totals: Totals, traits: _Traits, sources: NDArray[np.int64], destinations: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Of what sources told; where they could not tell, as destinations saw it."""
    shares = traits.secured[sources]
    untold = np.flatnonzero(np.isnan(shares))
    if len(untold):
        told = destinations[~np.isnan(traits.secured[destinations])]
        seen = _seen_by_destinations(_rows(totals, told))
        for i in untold.tolist():
            key = totals.keys[sources[i]]
            if key is not None:
                shares[i] = seen.get(_pair(key), seen.get(_anyone(key), np.nan))
    return shares


def _seen_by_destinations(told: Iterable[_Row]) -> dict[_Pair, float]:
    """The mutual TLS share of each pair of workloads, and of each workload's unnamed callers."""
    secured: dict[_Pair, float] = {}
    total: dict[_Pair, float] = {}
    for row in told:
        pair, share = _pair(row.key), _SHARES[row.key.security]
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
