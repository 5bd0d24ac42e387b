"""Two traces side by side, and slow traces against fast ones."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tracing.analysis.self_time import parents, self_times
from tracing.contracts import Span, Trace

Step = tuple[str, str]
"""Service and operation."""

TELLING_SHARE = 0.2
"""An attribute is worth saying if its shares in the two groups differ by this much."""
MAX_ATTRIBUTES = 30
MAX_VALUES = 2000
"""Different values of one key: more of them is an identifier, which explains nothing."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one trace has at a step; times are sums in nanoseconds. No spans: the step is missing."""

    spans: int = 0
    errors: int = 0
    total_ns: int = 0
    self_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedStep:
    """The spans at one place of the two trees: those with the same way down from the root."""

    depth: int
    service: str
    operation: str
    a: Side
    b: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedOperation:
    """Mean self time per trace, in nanoseconds, and the share of traces with the operation."""

    service: str
    operation: str
    fast_ns: float
    slow_ns: float
    fast_share: float
    slow_share: float
    fast_error_ratio: float
    slow_error_ratio: float

    @property
    def added_ns(self) -> float:
        return self.slow_ns - self.fast_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedAttribute:
    """The share of each group's traces that have this value somewhere."""

    key: str
    value: str
    fast_share: float
    slow_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedGroups:
    """Operations by how much they add to the slow traces; attributes by how telling they are."""

    fast: int
    slow: int
    operations: tuple[ComparedOperation, ...]
    attributes: tuple[ComparedAttribute, ...]


@dataclass(slots=True)
class _Place:
    step: Step
    sides: tuple[list[int], list[int]] = field(default_factory=lambda: ([0] * 4, [0] * 4))
    children: dict[Step, "_Place"] = field(default_factory=dict)


def compare(a: Trace, b: Trace) -> tuple[ComparedStep, ...]:
    """Depth first in the order of `a`; steps that only `b` has come after their siblings."""
    top = _Place(("", ""))
    _lay(a, top, 0)
    _lay(b, top, 1)
    return tuple(_walk(top))


def _lay(trace: Trace, top: _Place, side: int) -> None:
    """Add the trace's spans to the tree of places that both traces share."""
    places: list[_Place] = []
    above = parents(trace.spans)
    for placed, own, parent in zip(trace.spans, self_times(trace.spans), above, strict=True):
        span = placed.span
        step = (span.service, span.operation)
        siblings = (top if parent is None else places[parent]).children
        place = siblings.setdefault(step, _Place(step))
        places.append(place)
        sums = place.sides[side]
        for index, value in enumerate((1, span.status == "error", span.duration_ns, own)):
            sums[index] += value


def _walk(top: _Place) -> Iterator[ComparedStep]:
    """Without recursion: a trace may be deeper than Python's stack."""
    stack = [(place, 0) for place in reversed(top.children.values())]
    while stack:
        place, depth = stack.pop()
        yield ComparedStep(
            depth=depth,
            service=place.step[0],
            operation=place.step[1],
            a=Side(*place.sides[0]),
            b=Side(*place.sides[1]),
        )
        stack += [(child, depth + 1) for child in reversed(place.children.values())]


@dataclass(slots=True)
class _Group:
    traces: int = 0
    self_ns: Counter[Step] = field(default_factory=Counter)
    with_step: Counter[Step] = field(default_factory=Counter)
    spans: Counter[Step] = field(default_factory=Counter)
    errors: Counter[Step] = field(default_factory=Counter)
    attributes: Counter[tuple[str, str]] = field(default_factory=Counter)


def compare_groups(fast: Sequence[Trace], slow: Sequence[Trace]) -> ComparedGroups:
    """What the slow ones do that the fast ones do not."""
    one, other = _group(fast), _group(slow)
    operations = (_operation(step, one, other) for step in {**one.self_ns, **other.self_ns})
    return ComparedGroups(
        fast=one.traces,
        slow=other.traces,
        operations=tuple(sorted(operations, key=lambda o: (-o.added_ns, o.service, o.operation))),
        attributes=_telling(one, other),
    )


def _group(traces: Iterable[Trace]) -> _Group:
    group = _Group()
    for trace in traces:
        group.traces += 1
        steps = set()
        pairs = set()
        for placed, own in zip(trace.spans, self_times(trace.spans), strict=True):
            step = (placed.span.service, placed.span.operation)
            steps.add(step)
            pairs |= set(_attributes(placed.span))
            group.self_ns[step] += own
            group.spans[step] += 1
            group.errors[step] += placed.span.status == "error"
        group.with_step.update(steps)
        group.attributes.update(pairs)
    return group


def _attributes(span: Span) -> Iterator[tuple[str, str]]:
    yield from span.attributes.items()
    yield from span.resource.items()


def _operation(step: Step, fast: _Group, slow: _Group) -> ComparedOperation:
    return ComparedOperation(
        service=step[0],
        operation=step[1],
        fast_ns=_ratio(fast.self_ns[step], fast.traces),
        slow_ns=_ratio(slow.self_ns[step], slow.traces),
        fast_share=_ratio(fast.with_step[step], fast.traces),
        slow_share=_ratio(slow.with_step[step], slow.traces),
        fast_error_ratio=_ratio(fast.errors[step], fast.spans[step]),
        slow_error_ratio=_ratio(slow.errors[step], slow.spans[step]),
    )


def _telling(fast: _Group, slow: _Group) -> tuple[ComparedAttribute, ...]:
    pairs = {**fast.attributes, **slow.attributes}
    values = Counter(key for key, _ in pairs)
    found = (
        ComparedAttribute(
            key=pair[0],
            value=pair[1],
            fast_share=_ratio(fast.attributes[pair], fast.traces),
            slow_share=_ratio(slow.attributes[pair], slow.traces),
        )
        for pair in pairs
        if values[pair[0]] <= MAX_VALUES
    )
    telling = [a for a in found if abs(a.slow_share - a.fast_share) >= TELLING_SHARE]
    telling.sort(key=lambda a: (-abs(a.slow_share - a.fast_share), a.key, a.value))
    return tuple(telling[:MAX_ATTRIBUTES])


def _ratio(part: float, whole: int) -> float:
    return part / whole if whole else 0.0
