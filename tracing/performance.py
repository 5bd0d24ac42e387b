"""Service performance: rate, errors and duration of spans at each step of a time.

Calls and errors are what collectors have counted, where that tells of all spans that are kept; else, and for quantiles, the spans
are looked at themselves.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import gcd

from telemetry.facade import SpanCounts, Store, StoreError, span_counts
from tracing.rows import rows_of

_ASKED = (
    "Timestamp > fromUnixTimestamp64Nano({from:Int64})"
    " AND Timestamp <= fromUnixTimestamp64Nano({end:Int64})"
    " AND ServiceName IN {services:Array(String)}"
    " AND (empty({kinds:Array(String)}) OR lower(SpanKind) IN {kinds:Array(String)})"
)
MAX_STEPS = 2000
MAX_COPIES = 240
"""How many windows one span may lie in: the window is at most so many steps long."""
COUNTED_NS = 5_000_000_000
"""Collectors tell what they have counted this often."""
_LATE_NS = 60_000_000_000
"""A span that began so long before it was first counted may have been counted by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What spans to look at, and how: at every `step_ns` over the `window_ns` before it.

    `kinds` are span kinds in lower case; () is all of them. Each operation by itself if
    `by_operation`. Times in Unix nanoseconds.
    """

    services: tuple[str, ...]
    start_ns: int
    end_ns: int
    step_ns: int
    window_ns: int
    kinds: tuple[str, ...] = ("server",)
    by_operation: bool = False
    quantile: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformancePoint:
    """`calls` per second; `errors` as a share of them, 0 to 1; `latency_ns` at the quantile (0: not asked for)."""

    service: str
    operation: str
    time_ns: int
    calls: float
    errors: float
    latency_ns: float = 0.0


def rates(store: Store, asked: Performance) -> tuple[PerformancePoint, ...]:
    """As `performance`, without latencies; from what collectors counted if that is all."""
    counts = _counts(store, asked)
    if counts is None or _lacking(store, asked, counts.began):
        return performance(store, asked)
    series = groupby(counts.counted, key=lambda row: row[:2])
    return tuple(
        point
        for (service, operation), rows in series
        for point in _points(asked, service, operation, list(rows))
    )


def _counts(store: Store, asked: Performance) -> SpanCounts | None:
    if min(asked.step_ns, asked.window_ns) < COUNTED_NS:
        return None
    try:
        return span_counts(
            store,
            asked.services,
            asked.kinds,
            start_ns=asked.start_ns - asked.window_ns,
            end_ns=asked.end_ns,
            bin_ns=gcd(asked.step_ns, asked.window_ns),
            by_operation=asked.by_operation,
        )
    except StoreError as error:
        if error.missing_table:
            return None
        raise


def _lacking(store: Store, asked: Performance, began: dict[tuple[str, str, str], int]) -> bool:
    """Whether spans are kept that nobody counted: of an operation without a series, or before it had one."""
    rows = rows_of(
        store,
        "SELECT ServiceName, SpanName, lower(SpanKind) AS kind, toUnixTimestamp64Nano(min(Timestamp))"  # noqa: S608  constants
        f" FROM {{database}}.otel_traces WHERE {_ASKED} GROUP BY ServiceName, SpanName, kind",
        services=list(asked.services),
        kinds=list(asked.kinds),
        **{"from": asked.start_ns - asked.window_ns, "end": asked.end_ns},
    )
    return any(
        (service, name, kind) not in began or first < began[service, name, kind] - _LATE_NS
        for service, name, kind, first in rows
    )


def _points(
    asked: Performance,
    service: str,
    operation: str,
    rows: Sequence[tuple[str, str, int, float, float]],
) -> Iterator[PerformancePoint]:
    """Of one series, by time. A step's window are the bins up to it."""
    unit = gcd(asked.step_ns, asked.window_ns)
    places = [row[2] for row in rows]
    calls, errors = _summed(row[3] for row in rows), _summed(row[4] for row in rows)
    for step in range(-(-asked.start_ns // asked.step_ns), asked.end_ns // asked.step_ns + 1):
        last = step * asked.step_ns // unit
        low = bisect_right(places, last - asked.window_ns // unit)
        high = bisect_right(places, last)
        if calls[high] > calls[low]:
            yield PerformancePoint(
                service=service,
                operation=operation,
                time_ns=step * asked.step_ns,
                calls=(calls[high] - calls[low]) / (asked.window_ns / 1e9),
                errors=(errors[high] - errors[low]) / (calls[high] - calls[low]),
            )


def _summed(values: Iterable[float]) -> list[float]:
    """The sum before each, and of all."""
    return list(accumulate(values, initial=0.0))


def performance(store: Store, asked: Performance) -> tuple[PerformancePoint, ...]:
    """By service, operation and time. Moments without spans have no point."""
    operation = "SpanName" if asked.by_operation else "''"
    rows = rows_of(
        store,
        f"SELECT ServiceName, {operation} AS operation,"  # noqa: S608  constants
        " arrayJoin(range(toUInt64(greatest({first:Int64}, first_step)),"
        " toUInt64(least({last:Int64}, last_step) + 1))) AS step,"
        " count(), countIf(StatusCode = 'Error'), quantileTDigest({quantile:Float64})(Duration)"
        " FROM (SELECT ServiceName, SpanName, StatusCode, Duration,"
        "  toUnixTimestamp64Nano(Timestamp) AS began,"
        "  intDiv(began + {step:Int64} - 1, {step:Int64}) AS first_step,"
        "  intDiv(began + {window:Int64} - 1, {step:Int64}) AS last_step"
        "  FROM {database}.otel_traces"
        f"  WHERE {_ASKED})"
        " GROUP BY ServiceName, operation, step ORDER BY ServiceName, operation, step"
        " LIMIT 200000",
        services=list(asked.services),
        kinds=list(asked.kinds),
        first=-(-asked.start_ns // asked.step_ns),
        last=asked.end_ns // asked.step_ns,
        step=asked.step_ns,
        window=asked.window_ns,
        **{"from": asked.start_ns - asked.window_ns, "end": asked.end_ns},
        quantile=asked.quantile,
    )
    return tuple(
        PerformancePoint(
            service=row[0],
            operation=row[1],
            time_ns=row[2] * asked.step_ns,
            calls=row[3] / (asked.window_ns / 1e9),
            errors=row[4] / row[3],
            latency_ns=row[5],
        )
        for row in rows
    )
