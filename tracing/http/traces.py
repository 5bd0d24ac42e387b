"""REST of one trace, and of two side by side."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from rest.contracts import Refusal
from rest.paging import Page
from rest.shapes import ERRORS
from tracing import selectors
from tracing.analysis.comparison import ComparedStep, Side, compare
from tracing.analysis.critical_path import Section, Timed, critical_path
from tracing.analysis.self_time import parents, self_times
from tracing.asking import asked
from tracing.contracts import Event, Link, PlacedSpan, Trace

router = Router()

_ID = "^[0-9a-f]{32}$"
TraceId = Annotated[str, Path(..., pattern=_ID)]
AskedTraceId = Annotated[str, Query(..., pattern=_ID)]


class EventOut(Schema):
    """`at_ms` counts from the trace's start."""

    at_ms: float
    name: str
    attributes: dict[str, str]


class LinkOut(Schema):
    trace_id: str
    span_id: str
    attributes: dict[str, str]


class SpanOut(Schema):
    """`start_ms` counts from the trace's start; `depth` is 0 for a root.

    `self_ms` is its time without that of its children.
    """

    span_id: str
    parent_id: str
    service: str
    namespace: str
    workload: str
    operation: str
    kind: str
    start_ms: float
    duration_ms: float
    self_ms: float
    status: str
    message: str
    attributes: dict[str, str]
    resource: dict[str, str]
    scope: str
    events: list[EventOut]
    links: list[LinkOut]
    depth: int


class SectionOut(Schema):
    """From `start_ms` to `end_ms` the trace waited for this span itself; `span` is its place."""

    span: int
    start_ms: float
    end_ms: float


class TraceOut(Schema):
    """`critical_path` goes from the trace's end to its start."""

    trace_id: str
    start: float
    duration_ms: float
    spans: list[SpanOut]
    critical_path: list[SectionOut]


class SideOut(Schema):
    """What one trace has at a step: no spans, and the step is missing there."""

    spans: int
    errors: int
    total_ms: float
    self_ms: float


class ComparedStepOut(Schema):
    """Spans of both traces with the same way down from the root."""

    depth: int
    service: str
    operation: str
    a: SideOut
    b: SideOut


@router.get("/traces/compare", response={200: Page[ComparedStepOut], **ERRORS})
def compare_traces(
    request: HttpRequest,  # noqa: ARG001
    a: AskedTraceId,
    b: AskedTraceId,
) -> Page[ComparedStepOut]:
    """Two traces side by side, depth first."""
    return Page(items=[_step(step) for step in compare(_kept(a), _kept(b))])


@router.get("/traces/{trace_id}", response={200: TraceOut, **ERRORS})
def read_trace(request: HttpRequest, trace_id: TraceId) -> TraceOut:  # noqa: ARG001
    """One trace: its spans depth first, children by start."""
    return _trace(_kept(trace_id))


def _kept(trace_id: str) -> Trace:
    found = asked(lambda store: selectors.trace(store, trace_id))
    if found is None:
        raise Refusal(404, "not_found", f"no trace {trace_id} is kept")
    return found


def _trace(found: Trace) -> TraceOut:
    start = found.start_ns
    own = self_times(found.spans)
    return TraceOut(
        trace_id=found.trace_id,
        start=start / 1e9,
        duration_ms=found.duration_ns / 1e6,
        spans=[_span(p, self_ns, start) for p, self_ns in zip(found.spans, own, strict=True)],
        critical_path=[_section(section, start) for section in critical_path(_timed(found.spans))],
    )


def _timed(spans: tuple[PlacedSpan, ...]) -> list[Timed]:
    """Known by their places: two spans may share an id."""
    return [
        Timed(
            id=str(index),
            parent_id="" if parent is None else str(parent),
            start=placed.span.start_ns,
            end=placed.span.end_ns,
        )
        for index, (placed, parent) in enumerate(zip(spans, parents(spans), strict=True))
    ]


def _section(section: Section, start_ns: int) -> SectionOut:
    return SectionOut(
        span=int(section.id),
        start_ms=(section.start - start_ns) / 1e6,
        end_ms=(section.end - start_ns) / 1e6,
    )


def _span(placed: PlacedSpan, self_ns: int, start_ns: int) -> SpanOut:
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
        self_ms=self_ns / 1e6,
        status=span.status,
        message=span.message,
        attributes=dict(span.attributes),
        resource=dict(span.resource),
        scope=" ".join(filter(None, (span.scope_name, span.scope_version))),
        events=[_event(event, start_ns) for event in span.events],
        links=[_link(link) for link in span.links],
        depth=placed.depth,
    )


def _event(event: Event, start_ns: int) -> EventOut:
    return EventOut(
        at_ms=(event.time_ns - start_ns) / 1e6, name=event.name, attributes=dict(event.attributes)
    )


def _link(link: Link) -> LinkOut:
    return LinkOut(trace_id=link.trace_id, span_id=link.span_id, attributes=dict(link.attributes))


def _step(step: ComparedStep) -> ComparedStepOut:
    return ComparedStepOut(
        depth=step.depth,
        service=step.service,
        operation=step.operation,
        a=_side(step.a),
        b=_side(step.b),
    )


def _side(side: Side) -> SideOut:
    return SideOut(
        spans=side.spans,
        errors=side.errors,
        total_ms=side.total_ns / 1e6,
        self_ms=side.self_ns / 1e6,
    )
