"""Who called whom, as spans tell it."""

from dataclasses import dataclass

from telemetry.facade import Store
from telemetry.own.config import NAMESPACE
from tracing.rows import rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """Calls of one service by another: spans of the one whose parent is a span of the other.

    Durations are those of the called one's spans, in nanoseconds.
    """

    parent: str
    child: str
    calls: int
    errors: int
    p50_ns: float
    p95_ns: float
    p99_ns: float


def dependencies(
    store: Store, *, start_ns: int, end_ns: int, own: bool = True
) -> tuple[Dependency, ...]:
    """By the names of both, of spans that began in [start_ns, end_ns); `own`: Meshweb's, too."""
    rows = rows_of(
        store,
        "SELECT p.ServiceName, c.ServiceName, count(), countIf(c.StatusCode = 'Error'),"
        " quantiles(0.5, 0.95, 0.99)(c.Duration)"
        " FROM (SELECT TraceId, SpanId, ServiceName, Namespace FROM {database}.otel_traces"
        "  WHERE Timestamp >= fromUnixTimestamp64Nano({start:Int64}) - INTERVAL 1 MINUTE"
        "  AND Timestamp < fromUnixTimestamp64Nano({end:Int64})) AS p"
        " INNER JOIN (SELECT TraceId, ParentSpanId, ServiceName, Namespace, StatusCode,"
        "  Duration"
        "  FROM {database}.otel_traces WHERE ParentSpanId != ''"
        "  AND Timestamp >= fromUnixTimestamp64Nano({start:Int64})"
        "  AND Timestamp < fromUnixTimestamp64Nano({end:Int64})) AS c"
        " ON c.TraceId = p.TraceId AND c.ParentSpanId = p.SpanId"
        " WHERE p.ServiceName != c.ServiceName"
        " AND ({own:UInt8} = 1 OR {ours:String} NOT IN (p.Namespace, c.Namespace))"
        " GROUP BY p.ServiceName, c.ServiceName ORDER BY p.ServiceName, c.ServiceName LIMIT 5000",
        start=start_ns,
        end=end_ns,
        own=int(own),
        ours=NAMESPACE,
    )
    return tuple(
        Dependency(
            parent=row[0],
            child=row[1],
            calls=row[2],
            errors=row[3],
            p50_ns=row[4][0],
            p95_ns=row[4][1],
            p99_ns=row[4][2],
        )
        for row in rows
    )
