"""Changes are traced whole, the rest by its share, and what nobody asked for not at all."""

from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)

from telemetry.own.context import context_of, link_to, trace_id_of
from telemetry.own.spans import ChangesAlways
from telemetry.own.tracing import CHANGE

TRACE = int("ab" * 16, 16)


def kept(
    ratio: float,
    kind: SpanKind,
    *,
    method: str = "",
    change: bool = False,
    parent: bool | None = None,
) -> bool:
    """`parent`: whether the span it belongs to is kept; None without one."""
    context = None
    if parent is not None:
        flags = TraceFlags(TraceFlags.SAMPLED if parent else TraceFlags.DEFAULT)
        context = set_span_in_context(NonRecordingSpan(SpanContext(TRACE, 1, True, flags)))
    given: dict[str, str | bool] = {"http.request.method": method} if method else {}
    if change:
        given[CHANGE] = True
    result = ChangesAlways(ratio).should_sample(context, TRACE, "x", kind, given)
    return result.decision is Decision.RECORD_AND_SAMPLE


def test_a_request_that_writes_is_always_kept_and_a_read_by_its_share() -> None:
    assert kept(0, SpanKind.SERVER, method="PUT")
    assert not kept(0, SpanKind.SERVER, method="GET")
    assert kept(1, SpanKind.SERVER, method="GET")


def test_a_span_follows_its_parent_but_a_change_is_kept_whatever_its_parent() -> None:
    assert kept(0, SpanKind.INTERNAL, parent=True)
    assert not kept(1, SpanKind.INTERNAL, parent=False)
    assert kept(0, SpanKind.INTERNAL, change=True)
    assert kept(0, SpanKind.INTERNAL, change=True, parent=False)


def test_a_call_on_nobodys_behalf_is_not_kept() -> None:
    assert not kept(1, SpanKind.CLIENT)
    assert kept(0, SpanKind.CLIENT, parent=True)


def test_a_trace_is_found_again_by_the_text_that_was_kept_of_it() -> None:
    text = f"00-{'ab' * 16}-{'cd' * 8}-01"
    link = link_to(text)
    assert trace_id_of(text) == "ab" * 16
    assert link is not None
    assert link.context.span_id == int("cd" * 8, 16)
    assert (trace_id_of(""), trace_id_of("00-zz"), link_to("")) == ("", "", None)
    assert not context_of("")
