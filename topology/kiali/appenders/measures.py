"""Appenders `responseTime`, `throughput`, `securityPolicy`: what edges measured beyond their rates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import DURATION_BOUNDS_MS
from topology.graph.quantiles import quantiles
from topology.kiali.asked import Asked
from topology.kiali.nodes import TrafficMap
from topology.kiali.query import REQUESTS
from topology.kiali.series import read
from topology.kiali.stored import Row
from topology.kiali.traffic import Drawing, edges

_Ends = tuple[str, str, str]
"""Ids of the ends, and the protocol."""


@dataclass(slots=True)
class _Measured:
    requests: float = 0.0
    secured: float = 0.0
    known: float = 0.0
    sent: float = 0.0
    received: float = 0.0
    buckets: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(len(DURATION_BOUNDS_MS) + 1, np.int64)
    )


def measures(nodes: TrafficMap, asked: Asked, rows: Iterable[Row], drawing: Drawing) -> None:
    if not asked.wants("responseTime", "throughput", "securityPolicy"):
        return
    found = _measured(rows, asked, drawing)
    for edge in edges(nodes.values()):
        one = found.get((edge.source.id, edge.target.id, edge.protocol))
        if one is not None:
            edge.extra.update(_told(one, edge.protocol, asked))


def _measured(rows: Iterable[Row], asked: Asked, drawing: Drawing) -> Mapping[_Ends, _Measured]:
    found: dict[_Ends, _Measured] = defaultdict(_Measured)
    for row in rows:
        if not row.first:
            continue
        told = read(row.metric, row.labels, row.rate, asked.rates)
        if told is None:
            continue
        for source, target in drawing.hops(told):
            _add(found[source, target, told.traffic.protocol], row)
    return found


def _add(one: _Measured, row: Row) -> None:
    volume = row.rate
    if not np.isnan(row.mtls):
        one.secured += volume * row.mtls
        one.known += volume
    if row.metric == REQUESTS:
        one.requests += volume
        one.sent += row.sent
        one.received += row.received
        one.buckets += row.buckets


def _told(one: _Measured, protocol: str, asked: Asked) -> dict[str, str]:
    told = {}
    if asked.wants("securityPolicy") and one.secured > 0:
        told["isMTLS"] = f"{100 * one.secured / one.known:.0f}"
    if asked.wants("responseTime") and protocol != "tcp" and one.buckets.any():
        told["responseTime"] = f"{_milliseconds(one.buckets, asked.response_time):.0f}"
    size = one.received if asked.throughput == "request" else one.sent
    if asked.wants("throughput") and protocol == "http" and size > 0:
        told["throughput"] = f"{size:.0f}"
    return told


def _milliseconds(buckets: NDArray[np.int64], quantile: float) -> float:
    """The quantile; for 0 the average, each request taken to be in the middle of its bucket."""
    if quantile:
        (column,) = quantiles(buckets[None, :], (quantile,))
        return float(column[0])
    bounds = np.array(DURATION_BOUNDS_MS, np.float64)
    below = np.concatenate([[0.0], bounds])
    above = np.concatenate([bounds, [bounds[-1]]])
    return float(np.average((below + above) / 2, weights=buckets))
