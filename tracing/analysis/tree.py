"""The tree of a trace, walked depth first."""

from collections.abc import Iterable

from tracing.contracts import PlacedSpan, Span


def arrange(spans: Iterable[Span]) -> tuple[PlacedSpan, ...]:
    """Place every span once, parents before children, siblings by start.

    A span sent twice counts once. One whose parent is missing is a root. In a circle of parents
    the earliest span is made a root, so nothing is left out and the walk ends.
    """
    unique = _unique(spans)
    children = _children(unique)
    placed: list[PlacedSpan] = []
    seen: set[int] = set()
    roots = children.get(None, [])
    for index in [*roots, *range(len(unique))]:  # the second part: what only circles hold
        if index not in seen:
            _walk(index, unique, children, seen, placed)
    return tuple(placed)


def _unique(spans: Iterable[Span]) -> list[Span]:
    """By start. Client and server may share an id (Zipkin's way), so the kind tells them apart."""
    kept = {(span.span_id, span.kind): span for span in spans}
    return sorted(kept.values(), key=lambda s: (s.start_ns, s.kind != "client", s.span_id))


def _children(spans: list[Span]) -> dict[int | None, list[int]]:
    by_id: dict[str, int] = {}
    for index, span in enumerate(spans):
        by_id.setdefault(span.span_id, index)
    children: dict[int | None, list[int]] = {}
    for index, span in enumerate(spans):
        first = by_id[span.span_id]
        parent = first if first != index else by_id.get(span.parent_id)
        children.setdefault(None if parent == index else parent, []).append(index)
    return children


def _walk(
    start: int,
    spans: list[Span],
    children: dict[int | None, list[int]],
    seen: set[int],
    placed: list[PlacedSpan],
) -> None:
    """Without recursion: a trace may be deeper than Python's stack."""
    stack = [(start, 0)]
    while stack:
        index, depth = stack.pop()
        if index in seen:
            continue
        seen.add(index)
        placed.append(PlacedSpan(span=spans[index], depth=depth))
        stack += [(child, depth + 1) for child in reversed(children.get(index, []))]
