"""What the operations of some traces cost: counts, errors, durations and self time."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tracing.analysis.self_time import self_times
from tracing.contracts import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationStatistics:
    """Over all spans of one operation of one service. Times in nanoseconds.

    `self_share` is this operation's part of the self time of everything looked at, 0 to 1.
    Quantiles are those of spans' durations: the smallest duration that so many do not exceed.
    """

    service: str
    operation: str
    spans: int
    errors: int
    traces: int
    total_ns: int
    self_ns: int
    self_share: float
    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int


@dataclass(slots=True)
class _Sum:
    durations: list[int] = field(default_factory=list)
    self_ns: int = 0
    errors: int = 0
    traces: set[str] = field(default_factory=set)


def statistics(traces: Iterable[Trace]) -> tuple[OperationStatistics, ...]:
    """Most self time first."""
    sums: dict[tuple[str, str], _Sum] = {}
    for trace in traces:
        for placed, own in zip(trace.spans, self_times(trace.spans), strict=True):
            span = placed.span
            one = sums.setdefault((span.service, span.operation), _Sum())
            one.durations.append(span.duration_ns)
            one.self_ns += own
            one.errors += span.status == "error"
            one.traces.add(trace.trace_id)
    everything = sum(one.self_ns for one in sums.values()) or 1
    found = (_statistics(*who, one, everything) for who, one in sums.items())
    return tuple(sorted(found, key=lambda s: (-s.self_ns, s.service, s.operation)))


def _statistics(service: str, operation: str, one: _Sum, everything: int) -> OperationStatistics:
    durations = sorted(one.durations)
    return OperationStatistics(
        service=service,
        operation=operation,
        spans=len(durations),
        errors=one.errors,
        traces=len(one.traces),
        total_ns=sum(durations),
        self_ns=one.self_ns,
        self_share=one.self_ns / everything,
        p50_ns=quantile(durations, 0.5),
        p95_ns=quantile(durations, 0.95),
        p99_ns=quantile(durations, 0.99),
        max_ns=durations[-1],
    )


def quantile(ordered: list[int], q: float) -> int:
    """The nearest-rank quantile of values in ascending order; at least one."""
    rank = -int(-q * len(ordered) // 1)  # rounded up
    return ordered[max(rank, 1) - 1]
