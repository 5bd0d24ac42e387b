"""Every span is placed once, whatever its parents claim."""

from hypothesis import given
from hypothesis import strategies as st

from tracing.analysis.tree import arrange
from tracing.contracts import Span


def a(span_id: str, parent_id: str = "", start: int = 0, kind: str = "server") -> Span:
    return Span(
        span_id=span_id, parent_id=parent_id, service="s", namespace="n", workload="w", operation="o",
        kind=kind, start_ns=start, duration_ns=1, status="unset",
    )  # fmt: skip


def shape(*spans: Span) -> list[tuple[str, int]]:
    return [(placed.span.span_id, placed.depth) for placed in arrange(spans)]


def test_children_follow_their_parent_by_start() -> None:
    spans = (a("d", "b", 3), a("c", "a", 5), a("b", "a", 1), a("a", start=0))
    assert shape(*spans) == [("a", 0), ("b", 1), ("d", 2), ("c", 1)]


def test_a_span_whose_parent_is_missing_is_a_root() -> None:
    assert shape(a("b", "gone", 2), a("a", start=1)) == [("a", 0), ("b", 0)]


def test_a_circle_is_cut_at_its_earliest_span() -> None:
    assert shape(a("a", "c", 1), a("b", "a", 2), a("c", "b", 3)) == [("a", 0), ("b", 1), ("c", 2)]
    assert shape(a("a", "a")) == [("a", 0)]


def test_a_span_sent_twice_counts_once() -> None:
    assert shape(a("a"), a("a"), a("b", "a", 1)) == [("a", 0), ("b", 1)]


def test_client_and_server_may_share_an_id() -> None:
    spans = (a("x", "r", 1, "client"), a("x", "r", 2, "server"), a("y", "x", 3), a("r", "", 0))
    assert shape(*spans) == [("r", 0), ("x", 1), ("x", 2), ("y", 2)]


def test_a_very_deep_trace_is_no_trouble() -> None:
    spans = [a(str(i), str(i - 1), i) for i in range(5000)]
    assert shape(*spans)[-1] == ("4999", 4999)


IDS = st.sampled_from("abcde")


@given(
    st.lists(
        st.builds(
            a, IDS, IDS | st.just(""), st.integers(0, 5), st.sampled_from(["server", "client"])
        )
    )
)
def test_every_span_is_placed_once(spans: list[Span]) -> None:
    placed = sorted((p.span.span_id, p.span.kind) for p in arrange(spans))
    assert placed == sorted({(s.span_id, s.kind) for s in spans})
