"""REST of traces and access logs."""

import re
import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from rest.contracts import Refusal
from rest.paging import Page
from rest.shapes import ERRORS
from telemetry.facade import StoreAway, StoreError, store
from tracing import selectors
from tracing.contracts import PlacedSpan, Trace, TracePosition, TraceQuery, TraceSummary

router = Router(tags=["traces"])

_LOOKBACK = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NAME = r"^([a-z0-9][-a-zA-Z0-9._]{0,251}/)?[a-zA-Z0-9][-a-zA-Z0-9._]{0,251}$|^$"
_WEEK_SECONDS = 7 * 86_400
T = TypeVar("T")

Name = Annotated[str, Field("", pattern=_NAME, max_length=510)]
TraceId = Annotated[str, Path(..., pattern="^[0-9a-f]{32}$")]


class TraceSearch(Schema):
    """`source` with `destination` finds traces in which the one called the other."""

    service: Name = ""
    source: Name = ""
    destination: Name = ""
    operation: str = Field("", max_length=512)
    min_duration_ms: float = Field(0, ge=0, le=86_400_000)
    error: bool | None = None
    lookback: str = Field("15m", pattern=r"^[0-9]{1,6}[smhd]$")
    limit: int = Field(20, ge=1, le=1000)
    cursor: str = Field("", pattern=r"^([0-9]{1,19}-[0-9a-f]{32})?$", max_length=64)


class ServiceSpansOut(Schema):
    name: str
    spans: int


class TraceSummaryOut(Schema):
    """`start` in Unix seconds."""

    trace_id: str
    root_service: str
    root_operation: str
    start: float
    duration_ms: float
    spans: int
    errors: int
    services: list[ServiceSpansOut]


class SpanOut(Schema):
    """`start_ms` counts from the trace's start; `depth` is 0 for a root."""

    span_id: str
    parent_id: str
    service: str
    namespace: str
    workload: str
    operation: str
    kind: str
    start_ms: float
    duration_ms: float
    status: str
    attributes: dict[str, str]
    depth: int


class TraceOut(Schema):
    trace_id: str
    start: float
    duration_ms: float
    spans: list[SpanOut]


class TracedServiceOut(Schema):
    namespace: str
    name: str
    operations: list[str]


class LogSearch(Schema):
    namespace: Name = ""
    workload: Name = ""
    trace_id: str = Field("", pattern="^([0-9a-f]{32})?$", max_length=32)
    limit: int = Field(100, ge=1, le=1000)


class LogOut(Schema):
    """`time` in Unix seconds."""

    time: float
    trace_id: str
    namespace: str
    workload: str
    body: str
    attributes: dict[str, str]


@router.get("/traces", response={200: Page[TraceSummaryOut], **ERRORS})
def search_traces(request: HttpRequest, search: Query[TraceSearch]) -> Page[TraceSummaryOut]:  # noqa: ARG001
    """Traces, newest first."""
    found = _asked(lambda: selectors.search(store(), _query(search)))
    position = found.next
    return Page(
        items=[_summary(t) for t in found.traces],
        next=f"{position.latest_ns}-{position.trace_id}" if position else None,
    )


@router.get("/traces/services", response={200: Page[TracedServiceOut], **ERRORS})
def traced_services(request: HttpRequest) -> Page[TracedServiceOut]:  # noqa: ARG001
    """What sent spans within the last hour, and the names of its spans."""
    end = time.time_ns()
    found = _asked(lambda: selectors.services(store(), start_ns=end - 3600 * 10**9, end_ns=end))
    items = [
        TracedServiceOut(namespace=namespace, name=name, operations=list(operations))
        for namespace, name, operations in found
    ]
    return Page(items=items)


@router.get("/traces/{trace_id}", response={200: TraceOut, **ERRORS})
def read_trace(request: HttpRequest, trace_id: TraceId) -> TraceOut:  # noqa: ARG001
    """One trace: its spans depth first, children by start."""
    found = _asked(lambda: selectors.trace(store(), trace_id))
    if found is None:
        raise Refusal(404, "not_found", f"no trace {trace_id} is kept")
    return _trace(found)


@router.get("/logs", response={200: Page[LogOut], **ERRORS})
def read_logs(request: HttpRequest, search: Query[LogSearch]) -> Page[LogOut]:  # noqa: ARG001
    """The newest access log records of the last day."""
    rows = _asked(
        lambda: selectors.access_logs(
            store(),
            namespace=search.namespace,
            workload=search.workload,
            trace_id=search.trace_id,
            limit=search.limit,
        )
    )
    return Page(items=[LogOut(time=row.pop("time_ns") / 1e9, **row) for row in rows])


def _asked(question: Callable[[], T]) -> T:
    """Ask the store; its absence or its limits are an answer of their own."""
    try:
        return question()
    except StoreAway as error:
        raise Refusal(503, "store_away", "the telemetry store does not answer just now") from error
    except StoreError as error:
        raise Refusal(
            503, "store_refused", f"the telemetry store gave up: {str(error)[:200]}"
        ) from error


def _query(search: TraceSearch) -> TraceQuery:
    now = time.time_ns()
    return TraceQuery(
        start_ns=now - _lookback_seconds(search.lookback) * 10**9,
        end_ns=now + 60 * 10**9,  # other hosts' clocks may be ahead
        service=search.service,
        source=search.source,
        destination=search.destination,
        operation=search.operation,
        min_duration_ns=round(search.min_duration_ms * 1e6),
        error=search.error,
        limit=search.limit,
        after=_position(search.cursor),
    )


def _lookback_seconds(text: str) -> int:
    """At most a week: longer than that no trace is kept."""
    found = _LOOKBACK.fullmatch(text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 900
    return min(seconds, _WEEK_SECONDS)


def _position(cursor: str) -> TracePosition | None:
    latest, _, trace_id = cursor.partition("-")
    return (
        TracePosition(latest_ns=min(int(latest), 2**63 - 1), trace_id=trace_id) if cursor else None
    )


def _summary(found: TraceSummary) -> TraceSummaryOut:
    return TraceSummaryOut(
        trace_id=found.trace_id,
        root_service=found.root_service,
        root_operation=found.root_operation,
        start=found.start_ns / 1e9,
        duration_ms=found.duration_ns / 1e6,
        spans=found.spans,
        errors=found.errors,
        services=[ServiceSpansOut(name=name, spans=spans) for name, spans in found.services],
    )


def _trace(found: Trace) -> TraceOut:
    start = found.start_ns
    return TraceOut(
        trace_id=found.trace_id,
        start=start / 1e9,
        duration_ms=found.duration_ns / 1e6,
        spans=[_span(placed, start) for placed in found.spans],
    )


def _span(placed: PlacedSpan, start_ns: int) -> SpanOut:
    span = placed.span
    return SpanOut(
        span_id=span.span_id,
        parent_id=span.parent_id,
        service=span.service,
        namespace=span.namespace,
        workload=span.workload,
        operation=span.operation,
        kind=span.kind,
        start_ms=(span.start_ns - start_ns) / 1e6,
        duration_ms=span.duration_ns / 1e6,
        status=span.status,
        attributes=dict(span.attributes),
        depth=placed.depth,
    )
