"""REST of logs: what proxies and applications said, with spans between."""

from typing import Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from rest.paging import Page
from rest.shapes import ERRORS
from tracing.asking import asked
from tracing.http.period import LOOKBACK, period
from tracing.http.search import Name
from tracing.logs import EntryKind, LogEntry, LogPosition, LogQuery, logs

router = Router()

Kind = Literal["access", "log", "span"]


class LogSearch(Schema):
    """`q` is looked for in bodies, names and values of attributes, whatever its case.

    `kind` may be given more than once; without it access logs and applications' logs are answered.
    `end` is Unix seconds, now where it is left out.
    """

    namespace: Name = ""
    workload: Name = ""
    trace_id: str = Field("", pattern="^([0-9a-f]{32})?$", max_length=32)
    q: str = Field("", max_length=512)
    kind: list[Kind] = Field(["access", "log"], max_length=3)
    lookback: str = Field("1d", pattern=LOOKBACK)
    end: float = Field(0, ge=0, le=4e9)
    limit: int = Field(100, ge=1, le=1000)
    cursor: str = Field("", pattern=r"^([0-9]{1,19}-[0-9]{1,4})?$", max_length=24)


class LogOut(Schema):
    """`time` in Unix seconds. `body` is a record's text or a span's name; only spans last."""

    kind: Kind
    time: float
    trace_id: str
    span_id: str
    namespace: str
    workload: str
    severity: str
    body: str
    duration_ms: float
    attributes: dict[str, str]


@router.get("/logs", response={200: Page[LogOut], **ERRORS})
def read_logs(request: HttpRequest, search: Query[LogSearch]) -> Page[LogOut]:  # noqa: ARG001
    """Records and spans merged by time, newest first."""
    found = asked(lambda store: logs(store, _query(search)))
    position = found.next
    return Page(
        items=[_entry(entry) for entry in found.entries],
        next=f"{position.time_ns}-{position.shown}" if position else None,
    )


def _query(search: LogSearch) -> LogQuery:
    start_ns, end_ns = period(search.lookback, search.end)
    return LogQuery(
        start_ns=start_ns,
        end_ns=end_ns,
        namespace=search.namespace,
        workload=search.workload,
        trace_id=search.trace_id,
        text=search.q,
        kinds=frozenset(map(EntryKind, search.kind)),
        limit=search.limit,
        after=_position(search.cursor),
    )


def _position(cursor: str) -> LogPosition | None:
    time_ns, _, shown = cursor.partition("-")
    return LogPosition(time_ns=min(int(time_ns), 2**62), shown=int(shown)) if cursor else None


def _entry(entry: LogEntry) -> LogOut:
    return LogOut(
        kind=entry.kind.value,
        time=entry.time_ns / 1e9,
        trace_id=entry.trace_id,
        span_id=entry.span_id,
        namespace=entry.namespace,
        workload=entry.workload,
        severity=entry.severity,
        body=entry.text,
        duration_ms=entry.duration_ns / 1e6,
        attributes=entry.attributes,
    )
