"""Self time, statistics and comparison of traces, without a store."""

from tracing.analysis.comparison import compare, compare_groups
from tracing.analysis.critical_path import Section, Timed, critical_path
from tracing.analysis.self_time import self_times
from tracing.analysis.statistics import quantile, statistics
from tracing.analysis.tree import arrange
from tracing.contracts import Span, Trace


def span(name: str, parent: str, start: int, end: int, **more: str) -> Span:
    return Span(
        span_id=name,
        parent_id=parent,
        service=more.get("service", "s"),
        namespace="n",
        workload="w",
        operation=more.get("operation", name),
        kind="server",
        start_ns=start,
        duration_ns=end - start,
        status=more.get("status", "unset"),
        attributes={"size": more.get("size", "small")},
    )


def trace(*spans: Span, name: str = "t") -> Trace:
    return Trace(trace_id=name, spans=arrange(spans))


def test_self_time_is_without_children_and_overlaps_count_once() -> None:
    found = trace(
        span("a", "", 0, 100),
        span("b", "a", 10, 40),
        span("c", "a", 30, 60),
        span("d", "a", 90, 150),
        span("e", "c", 35, 45),
    )
    assert self_times(found.spans) == (40, 30, 20, 10, 60)


def test_quantiles_are_values_that_occurred() -> None:
    values = list(range(1, 101))
    assert [quantile(values, q) for q in (0.0, 0.5, 0.95, 0.99, 1.0)] == [1, 50, 95, 99, 100]


def test_operations_are_summed_over_traces() -> None:
    one = trace(span("a", "", 0, 10), span("b", "a", 0, 4, status="error"), name="1")
    two = trace(span("a", "", 0, 30), name="2")
    first, second = statistics([one, two])
    assert (first.operation, first.spans, first.traces, first.self_ns, first.max_ns) == (
        "a",
        2,
        2,
        36,
        30,
    )
    assert (second.operation, second.errors, second.self_share) == ("b", 1, 0.1)


def test_a_step_that_one_trace_lacks_has_no_spans_there() -> None:
    a = trace(span("a", "", 0, 10), span("b", "a", 1, 2), span("b2", "a", 2, 3, operation="b"))
    b = trace(span("a", "", 0, 20), span("c", "a", 1, 5))
    assert [(s.depth, s.operation, s.a.spans, s.b.spans) for s in compare(a, b)] == [
        (0, "a", 1, 1),
        (1, "b", 2, 0),
        (1, "c", 0, 1),
    ]


def test_the_groups_differ_by_what_explains_it() -> None:
    fast = [trace(span("a", "", 0, 10)) for _ in range(4)]
    slow = [trace(span("a", "", 0, 90), span("q", "a", 10, 80, size="large")) for _ in range(2)]
    found = compare_groups(fast, slow)
    assert [(o.operation, o.added_ns) for o in found.operations] == [("q", 70), ("a", 10)]
    assert [(a.key, a.value, a.fast_share, a.slow_share) for a in found.attributes] == [
        ("size", "large", 0.0, 1.0)
    ]


def test_a_deep_and_a_wide_trace_take_no_time() -> None:
    deep = [span(str(i), str(i - 1), i, 100_000 - i) for i in range(10_000)]
    wide = [span("r", "", 0, 10**6), *(span(f"w{i}", "r", i, i + 1) for i in range(10_000))]
    for spans in (deep, wide):
        found = trace(*spans)
        assert sum(self_times(found.spans)) == found.duration_ns
        assert len(compare(found, found)) == 10_000 + (spans is wide)
        timed = [Timed(s.span_id, s.parent_id, s.start_ns, s.end_ns) for s in spans]
        assert sum(s.end - s.start for s in critical_path(timed)) == found.duration_ns


def test_what_follows_is_not_waited_for() -> None:
    path = critical_path(
        [Timed("a", "", 0, 10), Timed("b", "a", 2, 9, follows=True), Timed("c", "b", 3, 8)]
    )
    assert path == (Section("a", 0, 10),)
    assert critical_path([]) == ()
    assert critical_path([Timed("a", "", 5, 5)]) == ()


def test_a_child_outside_its_parent_is_left_out() -> None:
    path = critical_path([Timed("a", "", 10, 20), Timed("b", "a", 20, 30), Timed("c", "a", 5, 10)])
    assert path == (Section("a", 10, 20),)
