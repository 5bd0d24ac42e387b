"""What a sender counts of one edge, all its metrics side by side: rows of `edges` and `edge_samples`."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from struct import Struct
from typing import Protocol

import orjson

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeKey
from telemetry.ingest.istio import HISTOGRAMS, Counted

BUCKETS = len(DURATION_BOUNDS_MS) + 1
KEY_COLUMNS = tuple(one.name for one in fields(EdgeKey))
EDGE_COLUMNS = ("id", "instance", *KEY_COLUMNS, "last_seen")
_AFTER_DURATIONS = (
    Counted.REQUEST_BYTES,
    Counted.RESPONSE_BYTES,
    Counted.CONNECTIONS_OPENED,
    Counted.CONNECTIONS_CLOSED,
    Counted.BYTES_SENT,
    Counted.BYTES_RECEIVED,
)
VALUE_COLUMNS = (
    "requests",
    "duration_sum_ms",
    *(f"duration_{i}" for i in range(BUCKETS)),
    *_AFTER_DURATIONS,
)
"""Cumulative, each from the sender's beginning; the buckets one by one, not "at most this bound"."""
EDGE_SAMPLE_COLUMNS = ("id", "t", *VALUE_COLUMNS)
_pack = Struct(f"<QqQd{BUCKETS}Q6Q").pack
_key_values = attrgetter(*KEY_COLUMNS)
_NO_BUCKETS = (0,) * BUCKETS


class Valued(Protocol):
    """A series: its latest values, laid out as `Point.values`."""

    values: tuple[float, ...]


@dataclass(slots=True)
class EdgeCounts:
    """The series that one sender has of an edge under the same labels."""

    id: int
    instance: str
    key: EdgeKey
    series: dict[Counted, Valued] = field(default_factory=dict)

    def value(self, counted: Counted) -> int:
        found = self.series.get(counted)
        return round(found.values[counted in HISTOGRAMS]) if found else 0

    def durations(self) -> tuple[float, tuple[int, ...]]:
        """The sum and the buckets; none where their bounds are not Istio's."""
        found = self.series.get(Counted.DURATION)
        if found is None:
            return 0.0, _NO_BUCKETS
        buckets = found.values[2:]
        fits = len(buckets) == BUCKETS
        return found.values[1], tuple(map(int, buckets)) if fits else _NO_BUCKETS


def edge_lines(edges: Iterable[EdgeCounts], now: int) -> bytes:
    """Rows of `edges` as JSON arrays, one per line."""
    return b"\n".join(
        orjson.dumps((one.id, one.instance, *_key_values(one.key), now)) for one in edges
    )


def edge_samples(edges: Iterable[EdgeCounts], now: float) -> bytes:
    """Rows of `edge_samples` in RowBinary."""
    time_ms = round(now * 1000)
    rows = bytearray()
    for one in edges:
        total, buckets = one.durations()
        rest = [one.value(counted) for counted in _AFTER_DURATIONS]
        rows += _pack(one.id, time_ms, one.value(Counted.REQUESTS), total, *buckets, *rest)
    return bytes(rows)
