"""Which of our own spans are kept, and how they leave."""

from collections.abc import Mapping, Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState, get_current_span
from opentelemetry.util.types import Attributes, AttributeValue

from telemetry.own.outbox import Outbox
from telemetry.own.redaction import Redaction
from telemetry.own.tracing import CHANGE

_READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class ChangesAlways(Sampler):
    """Changes whole; what else begins a trace by the ratio; calls on nobody's behalf never.

    A process that looks for work asks the broker again and again, and no request is behind it.
    """

    def __init__(self, ratio: float) -> None:
        self._ratio = TraceIdRatioBased(ratio)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        parent = get_current_span(parent_context).get_span_context()
        if attributes and attributes.get(CHANGE):
            return _decided(keep=True, attributes=attributes, state=parent.trace_state)
        if parent.is_valid:
            keep = parent.trace_flags.sampled
            return _decided(keep=keep, attributes=attributes, state=parent.trace_state)
        if kind is SpanKind.CLIENT:
            return _decided(keep=False, attributes=attributes, state=trace_state)
        if kind is SpanKind.SERVER and _writes(attributes):
            return _decided(keep=True, attributes=attributes, state=trace_state)
        return self._ratio.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        return f"ChangesAlways({self._ratio.get_description()})"


def _writes(attributes: Attributes) -> bool:
    method = (attributes or {}).get("http.request.method", "GET")
    return method not in _READS


def _decided(*, keep: bool, attributes: Attributes, state: TraceState | None) -> SamplingResult:
    if not keep:
        return SamplingResult(Decision.DROP)
    return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, state)


class Departure(SpanProcessor):
    """Gives spans that ended to the outboxes."""

    def __init__(self, outboxes: Sequence[Outbox]) -> None:
        self._outboxes = outboxes

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        pass

    def on_end(self, span: ReadableSpan) -> None:
        context = span.get_span_context()
        if context is None or not context.trace_flags.sampled:
            return
        for one in self._outboxes:
            one.span(span)

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        del timeout_millis
        return True


def without_secrets(span: ReadableSpan, redact: Redaction) -> ReadableSpan:
    """The same span where there is nothing to hide."""
    given = span.attributes or {}
    clean = {key: _clean(value, redact) for key, value in given.items()}
    events = [_clean_event(one.attributes or {}, redact) for one in span.events]
    same = clean == dict(given) and all(
        made == dict(one.attributes or {}) for made, one in zip(events, span.events, strict=True)
    )
    status = span.status
    if same and redact(status.description or "") == (status.description or ""):
        return span
    from opentelemetry.sdk.trace import Event  # noqa: PLC0415  rare
    from opentelemetry.trace import Status  # noqa: PLC0415

    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=clean,
        events=[
            Event(one.name, made, one.timestamp)
            for one, made in zip(span.events, events, strict=True)
        ],
        links=span.links,
        kind=span.kind,
        status=Status(
            status.status_code, redact(status.description) if status.description else None
        ),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _clean(value: AttributeValue, redact: Redaction) -> AttributeValue:
    return redact(value) if isinstance(value, str) else value


def _clean_event(
    attributes: Mapping[str, AttributeValue], redact: Redaction
) -> dict[str, AttributeValue]:
    return {key: _clean(value, redact) for key, value in attributes.items()}
