"""Access logs and applications' logs of a workload, merged by time, with its spans between them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import Any

from telemetry.facade import Store
from tracing.rows import rows_of


class EntryKind(StrEnum):
    """ACCESS is told by an Envoy, LOG by an application."""

    ACCESS = "access"
    LOG = "log"
    SPAN = "span"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPosition:
    """Where a page ended: its last moment, and how many entries of that moment it showed."""

    time_ns: int
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Entries in [start_ns, end_ns); empty fields match everything.

    `text` is looked for in bodies, names and values of attributes, whatever its case.
    """

    start_ns: int
    end_ns: int
    namespace: str = ""
    workload: str = ""
    trace_id: str = ""
    text: str = ""
    kinds: frozenset[EntryKind] = frozenset(EntryKind)
    limit: int = 100
    after: LogPosition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """Unix nanoseconds. `text` is a record's body or a span's name; only spans last."""

    kind: EntryKind
    time_ns: int
    trace_id: str
    span_id: str
    namespace: str
    workload: str
    severity: str
    text: str
    duration_ns: int = 0
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Newest first; `next` is None on the last page."""

    entries: tuple[LogEntry, ...]
    next: LogPosition | None = None


_ACCESS = "LogAttributes['reporter'] IN ('source', 'destination')"
"""Every record of an Envoy says which side tells it."""
_RECORDS = (
    f"if({_ACCESS}, 'access', 'log') AS kind, toUnixTimestamp64Nano(Timestamp) AS at, TraceId,"
    " SpanId, Namespace, Workload, Severity, Body, 0, LogAttributes FROM {database}.access_logs"
)
_SPANS = (
    "'span' AS kind, toUnixTimestamp64Nano(Timestamp) AS at, TraceId, SpanId, Namespace, Workload,"
    " StatusCode, SpanName, Duration, SpanAttributes FROM {database}.otel_traces"
)
_CONDITIONS = (
    " WHERE Timestamp >= fromUnixTimestamp64Nano({start:Int64})"
    " AND Timestamp < fromUnixTimestamp64Nano({end:Int64})"
    " AND ({namespace:String} = '' OR Namespace = {namespace:String})"
    " AND ({workload:String} = '' OR Workload = {workload:String})"
    " AND ({trace:String} = '' OR TraceId = {trace:String})"
    " AND kind IN {kinds:Array(String)}"
)
_TEXT = (
    " AND (positionCaseInsensitiveUTF8({column}, {{text:String}}) > 0 OR arrayExists("
    "v -> positionCaseInsensitiveUTF8(v, {{text:String}}) > 0, mapValues({attributes})))"
)
_NEWEST = " ORDER BY Timestamp DESC, TraceId DESC, SpanId DESC LIMIT {limit:UInt32}"


def logs(store: Store, query: LogQuery) -> LogPage:
    """One page of the merged log."""
    skipped = query.after.shown if query.after else 0
    wanted = query.limit + skipped + 1
    parts = []
    if query.kinds & {EntryKind.ACCESS, EntryKind.LOG}:
        parts.append(_part(store, query, _RECORDS, ("Body", "LogAttributes"), wanted))
    if EntryKind.SPAN in query.kinds:
        parts.append(_part(store, query, _SPANS, ("SpanName", "SpanAttributes"), wanted))
    found = tuple(
        islice(merge(*parts, key=_order, reverse=True), skipped, skipped + query.limit + 1)
    )
    shown = found[: query.limit]
    return LogPage(
        entries=shown, next=_position(shown, query.after) if len(found) > len(shown) else None
    )


def _order(entry: LogEntry) -> tuple[int, str, str]:
    return entry.time_ns, entry.trace_id, entry.span_id


def _position(shown: tuple[LogEntry, ...], before: LogPosition | None) -> LogPosition:
    last = shown[-1].time_ns
    again = before.shown if before is not None and before.time_ns == last else 0
    return LogPosition(
        time_ns=last, shown=again + sum(1 for entry in shown if entry.time_ns == last)
    )


def _part(
    store: Store, query: LogQuery, table: str, columns: tuple[str, str], wanted: int
) -> Iterable[LogEntry]:
    text = _TEXT.format(column=columns[0], attributes=columns[1]) if query.text else ""
    rows = rows_of(
        store,
        f"SELECT {table}{_CONDITIONS}{text}{_NEWEST}",
        start=query.start_ns,
        end=min(query.end_ns, query.after.time_ns + 1) if query.after else query.end_ns,
        namespace=query.namespace,
        workload=query.workload,
        trace=query.trace_id,
        kinds=[str(kind) for kind in sorted(query.kinds)],
        text=query.text,
        limit=wanted,
    )
    return [_entry(row) for row in rows]


def _entry(row: tuple[Any, ...]) -> LogEntry:
    return LogEntry(
        kind=EntryKind(row[0]),
        time_ns=row[1],
        trace_id=row[2],
        span_id=row[3],
        namespace=row[4],
        workload=row[5],
        severity=row[6],
        text=row[7],
        duration_ns=int(row[8]),
        attributes=row[9],
    )
