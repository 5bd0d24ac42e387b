"""Spans lie in a time the store keeps, and end after they start."""

from telemetry.ingest.values import Span

DAY_NS = 86_400 * 1_000_000_000
_PAST_NS = 30 * DAY_NS
_FUTURE_NS = DAY_NS


def plausible(time_ns: int, now_ns: int) -> bool:
    """At most 30 days ago, and less than a day ahead."""
    return now_ns - _PAST_NS < time_ns < now_ns + _FUTURE_NS


def plausible_times(span: Span, now_ns: int) -> Span:
    """An implausible start becomes now and the length stays; so does an event's time."""
    if not all(plausible(event.time_ns, now_ns) for event in span.events):
        fallback = span.start_ns if plausible(span.start_ns, now_ns) else now_ns
        events = (
            e if plausible(e.time_ns, now_ns) else e._replace(time_ns=fallback) for e in span.events
        )
        span = span._replace(events=tuple(events))
    if plausible(span.start_ns, now_ns):
        return span
    length = span.end_ns - span.start_ns
    return span._replace(start_ns=now_ns, end_ns=now_ns + (length if length < DAY_NS else 0))


def ends_after_start(span: Span, _now_ns: int) -> Span:
    """An end before the start, or a month after it, means no length."""
    if span.start_ns <= span.end_ns <= span.start_ns + _PAST_NS:
        return span
    return span._replace(end_ns=span.start_ns)
