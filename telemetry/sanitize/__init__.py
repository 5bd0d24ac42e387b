"""What is wrong with a span is put right, in order, and each repair leaves a mark.

The mark is the attribute `meshweb.sanitized`: the names of the repairs, with commas.
"""

from collections.abc import Callable

from telemetry.ingest.values import Span
from telemetry.sanitize.ids import valid_ids
from telemetry.sanitize.names import named
from telemetry.sanitize.sizes import bounded_sizes
from telemetry.sanitize.times import ends_after_start, plausible_times

Sanitizer = Callable[[Span, int], Span | None]
"""(span, now in Unix nanoseconds) -> the span itself if it is fine, a mended one, None to drop it."""

MARK = "meshweb.sanitized"

STANDARD: tuple[tuple[str, Sanitizer], ...] = (
    ("ids", valid_ids),
    ("name", named),
    ("time", plausible_times),
    ("duration", ends_after_start),  # needs plausible_times before it
    ("size", bounded_sizes),
)


def sanitize(span: Span, now_ns: int) -> Span | None:
    """Apply STANDARD. None: the span has no usable identity."""
    marks: list[str] = []
    for name, sanitizer in STANDARD:
        mended = sanitizer(span, now_ns)
        if mended is None:
            return None
        if mended is not span:
            marks.append(name)
            span = mended
    if not marks:
        return span
    return span._replace(attributes={**span.attributes, MARK: ",".join(marks)})
