"""How long each span worked itself: its time without that of its children."""

from collections.abc import Iterable, Mapping, Sequence

from tracing.contracts import PlacedSpan


def parents(spans: Sequence[PlacedSpan]) -> tuple[int | None, ...]:
    """The index of each span's parent, by the depths of a walk that is depth first."""
    found: list[int | None] = []
    path: list[int] = []
    for index, placed in enumerate(spans):
        del path[placed.depth :]
        found.append(path[-1] if path else None)
        path.append(index)
    return tuple(found)


def self_times(spans: Sequence[PlacedSpan]) -> tuple[int, ...]:
    """Nanoseconds, in the order of `spans`. Children that overlap count once, cut to the parent."""
    children: dict[int, list[tuple[int, int]]] = {}
    for placed, parent in zip(spans, parents(spans), strict=True):
        if parent is not None:
            children.setdefault(parent, []).append((placed.span.start_ns, placed.span.end_ns))
    return tuple(_self_time(index, placed, children) for index, placed in enumerate(spans))


def _self_time(
    index: int, placed: PlacedSpan, children: Mapping[int, Iterable[tuple[int, int]]]
) -> int:
    span = placed.span
    covered = 0
    reached = span.start_ns
    for start, end in sorted(children.get(index, ())):
        begin = max(start, reached)
        finish = min(end, span.end_ns)
        if finish > begin:
            covered += finish - begin
            reached = finish
    return span.duration_ns - covered
