"""The trace that a change belongs to, as text that outlives processes (W3C `traceparent`)."""

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_FORM = TraceContextTextMapPropagator()
_NAME = "traceparent"


def traceparent() -> str:
    """Of the span under way; "" where nothing is recorded."""
    span = trace.get_current_span()
    if not span.get_span_context().trace_flags.sampled:
        return ""
    carrier: dict[str, str] = {}
    _FORM.inject(carrier)
    return carrier.get(_NAME, "")


def context_of(text: str) -> Context:
    """For spans that go on where `text` ended; without one they begin a trace."""
    return _FORM.extract({_NAME: text}, context=Context())


def trace_id_of(text: str) -> str:
    """32 hex digits; "" for what is no `traceparent`."""
    found = trace.get_current_span(context_of(text)).get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else ""


def link_to(text: str) -> trace.Link | None:
    """To the span that `text` names, of another trace."""
    found = trace.get_current_span(context_of(text)).get_span_context()
    return trace.Link(found) if found.is_valid else None
