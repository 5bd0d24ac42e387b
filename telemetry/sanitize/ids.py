"""Trace ids are 16 bytes, span ids 8, and not all zero."""

from telemetry.ingest.values import Span

_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


def valid_ids(span: Span, _now_ns: int) -> Span | None:
    """Drop a span without identity; forget a parent or a link that is none."""
    if len(span.trace_id) != 32 or len(span.span_id) != 16:
        return None
    if span.trace_id == _NO_TRACE or span.span_id == _NO_SPAN:
        return None
    usable = len(span.parent_id) == 16 and span.parent_id not in (_NO_SPAN, span.span_id)
    return span if usable or not span.parent_id else span._replace(parent_id="")
