"""What lists of traces say of each: told by the store's row of it, or counted from its spans."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from telemetry.facade import Store
from tracing.contracts import TraceSummary
from tracing.places import LAIN, OF_TRACES, THERE
from tracing.rows import rows_of

MOST_TOLD = 1000
"""Spans of a trace that is told by its row; larger ones are counted by the store."""
_FAILED, _PARENTLESS = 2, 4
_WHO_BITS = 3
"""A mark without its lowest bits is of the span's id and kind."""
_TOLD = (
    "SELECT TraceId, toUnixTimestamp64Nano(min(Start)) AS begun,"  # noqa: S608  constants
    " toUnixTimestamp64Nano(max(End)) - begun,"
    f" groupUniqArrayArray({MOST_TOLD + 1})(Spans) AS spans"
    f" FROM {{database}}.trace_times WHERE {OF_TRACES} GROUP BY TraceId"
)
_COUNTED = (
    f"{LAIN}SELECT TraceId, argMin(ServiceName, (ParentSpanId != '', Timestamp)),"  # noqa: S608  constants
    " argMin(SpanName, (ParentSpanId != '', Timestamp)),"
    " min(toUnixTimestamp64Nano(Timestamp)) AS begun,"
    " max(toUnixTimestamp64Nano(Timestamp) + Duration) - begun,"
    " uniqExact(SpanId, SpanKind), uniqExactIf((SpanId, SpanKind), StatusCode = 'Error'),"
    " sumMap(map(ServiceName, toUInt64(1)))"
    f" FROM {{database}}.otel_traces WHERE {THERE} GROUP BY TraceId"
)


def summaries(store: Store, ids: list[str]) -> tuple[TraceSummary, ...]:
    """In the order of `ids`. The root is the earliest span without a parent, else the earliest."""
    if not ids:
        return ()
    found: dict[str, TraceSummary] = {}
    others = []
    for row in rows_of(store, _TOLD, ids=ids):
        summary = told(*row)
        if summary is None:
            others.append(row[0])
        else:
            found[row[0]] = summary
    if others:
        found |= {row[0]: _counted(*row) for row in rows_of(store, _COUNTED, ids=others)}
    return tuple(found[i] for i in ids if i in found)


def told(
    trace_id: str, start_ns: int, duration_ns: int, spans: Sequence[Sequence[Any]]
) -> TraceSummary | None:
    """`spans` are (service, operation, second, mark), in no order. A span sent twice counts once.

    None where these do not say it: there are too many, an earlier schema did not count some, or
    several may be the root within its second.
    """
    marks = [mark for *_, mark in spans]
    if not 0 < len(spans) <= MOST_TOLD or not all(marks):
        return None
    candidates = [s for s in spans if s[3] & _PARENTLESS] or spans
    earliest = min(second for _, _, second, _ in candidates)
    roots = {(service, name) for service, name, second, _ in candidates if second == earliest}
    if len(roots) > 1:
        return None
    ((service, operation),) = roots
    return TraceSummary(
        trace_id=trace_id,
        root_service=service,
        root_operation=operation,
        start_ns=start_ns,
        duration_ns=duration_ns,
        spans=len({mark >> _WHO_BITS for mark in marks}),
        errors=len({mark >> _WHO_BITS for mark in marks if mark & _FAILED}),
        services=_most_first(Counter(s for s, _ in {(s[0], s[3] >> _WHO_BITS) for s in spans})),
    )


def _counted(
    trace_id: str,
    service: str,
    operation: str,
    start_ns: int,
    duration_ns: int,
    spans: int,
    errors: int,
    counts: dict[str, int],
) -> TraceSummary:
    return TraceSummary(
        trace_id=trace_id,
        root_service=service,
        root_operation=operation,
        start_ns=start_ns,
        duration_ns=duration_ns,
        spans=spans,
        errors=errors,
        services=_most_first(counts),
    )


def _most_first(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda c: (-c[1], c[0])))
