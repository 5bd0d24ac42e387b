"""Service performance from spans: rate, errors and duration at each step of a time."""

from dataclasses import dataclass

from telemetry.facade import Store
from tracing.rows import rows_of

MAX_STEPS = 2000
MAX_COPIES = 240
"""How many windows one span may lie in: the window is at most so many steps long."""


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
    """`calls` per second; `errors` as a share of them, 0 to 1; `latency_ns` at the quantile."""

    service: str
    operation: str
    time_ns: int
    calls: float
    errors: float
    latency_ns: float


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
        "  WHERE Timestamp > fromUnixTimestamp64Nano({from:Int64})"
        "  AND Timestamp <= fromUnixTimestamp64Nano({end:Int64})"
        "  AND ServiceName IN {services:Array(String)}"
        "  AND (empty({kinds:Array(String)}) OR lower(SpanKind) IN {kinds:Array(String)}))"
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
