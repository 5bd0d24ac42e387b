"""REST of searches: traces that have something in common, and who sends spans."""

import re
import time
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from rest.contracts import Refusal
from rest.paging import Page
from rest.shapes import ERRORS
from tracing import selectors
from tracing.asking import asked
from tracing.contracts import TracePosition, TraceQuery, TraceSummary
from tracing.http.period import LOOKBACK, period
from tracing.query.conditions import Condition
from tracing.query.parse import Unreadable, parse

router = Router()

_NAME = r"^([a-z0-9][-a-zA-Z0-9._]{0,251}/)?[a-zA-Z0-9][-a-zA-Z0-9._]{0,251}$|^$"

Name = Annotated[str, Field("", pattern=_NAME, max_length=510)]


class SpanSearch(Schema):
    """Which spans to look for.

    `source` with `destination` finds traces in which the one called the other. `q` asks in words:
    `payment.method=card AND (error OR duration>100ms) AND NOT exists(retry)`. `end` is Unix
    seconds, now where it is left out; the search begins `lookback` before it. Meshweb's own
    processes are found where `own` is true or something is asked for by its name.
    """

    service: Name = ""
    source: Name = ""
    destination: Name = ""
    operation: str = Field("", max_length=512)
    min_duration_ms: float = Field(0, ge=0, le=86_400_000)
    max_duration_ms: float = Field(0, ge=0, le=86_400_000)
    error: bool | None = None
    q: str = Field("", max_length=4096)
    own: bool = False
    lookback: str = Field("15m", pattern=LOOKBACK)
    end: float = Field(0, ge=0, le=4e9)
    limit: int = Field(20, ge=1, le=1000)


class TraceSearch(SpanSearch):
    """A page of what is found."""

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


class TracedServiceOut(Schema):
    namespace: str
    name: str
    operations: list[str]


@router.get("/traces", response={200: Page[TraceSummaryOut], **ERRORS})
def search_traces(request: HttpRequest, search: Query[TraceSearch]) -> Page[TraceSummaryOut]:  # noqa: ARG001
    """Traces, newest first."""
    found = asked(lambda store: selectors.search(store, query_of(search, search.cursor)))
    position = found.next
    return Page(
        items=[_summary(t) for t in found.traces],
        next=f"{position.latest_ns}-{position.trace_id}" if position else None,
    )


@router.get("/traces/services", response={200: Page[TracedServiceOut], **ERRORS})
def traced_services(request: HttpRequest, own: bool = False) -> Page[TracedServiceOut]:  # noqa: ARG001
    """What sent spans within the last hour, and the names of its spans; `own`: Meshweb, too."""
    end = time.time_ns()
    start = end - 3600 * 10**9
    found = asked(lambda store: selectors.services(store, start_ns=start, end_ns=end, own=own))
    items = [
        TracedServiceOut(namespace=namespace, name=name, operations=list(operations))
        for namespace, name, operations in found
    ]
    return Page(items=items)


def query_of(search: SpanSearch, cursor: str = "") -> TraceQuery:
    """Raises Refusal (422) for words that cannot be read."""
    start_ns, end_ns = period(search.lookback, search.end)
    return TraceQuery(
        start_ns=start_ns,
        end_ns=end_ns,
        service=search.service,
        source=search.source,
        destination=search.destination,
        operation=search.operation,
        min_duration_ns=round(search.min_duration_ms * 1e6),
        max_duration_ns=round(search.max_duration_ms * 1e6),
        error=search.error,
        where=_where(search.q),
        own=search.own or _is_named(search),
        limit=search.limit,
        after=_position(cursor),
    )


_NAMING = re.compile(r"\b(service|namespace|workload|trace)\b")


def _is_named(search: SpanSearch) -> bool:
    named = search.service or search.source or search.destination
    return bool(named) or _NAMING.search(search.q) is not None


def _where(text: str) -> Condition | None:
    try:
        return parse(text)
    except Unreadable as wrong:
        raise Refusal(
            422, "bad_query", f"{wrong.message} (at character {wrong.position + 1})", path="q"
        ) from None


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
