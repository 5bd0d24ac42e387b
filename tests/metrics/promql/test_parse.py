"""Trees with positions, and refusals that say where."""

import pytest

from metrics.promql import ast
from metrics.promql.errors import Failure, QueryError, Reason
from metrics.promql.parse import MAX_DEPTH, parse


def _named(name: str) -> ast.Matcher:
    return ast.Matcher(ast.MatchKind.EQUAL, "__name__", name)


def test_every_node_knows_where_it_begins() -> None:
    assert parse('sum by (a) (rate(x{b=~"c"}[5m] offset -1m @ -1.5)) > 1') == ast.Binary(
        position=0,
        operator=">",
        left=ast.Aggregation(
            position=0,
            operator="sum",
            inner=ast.Call(
                position=12,
                function="rate",
                arguments=(
                    ast.Range(
                        position=17,
                        selector=ast.Selector(
                            position=17,
                            matchers=(_named("x"), ast.Matcher(ast.MatchKind.REGEX, "b", "c")),
                            offset_ms=-60_000,
                            at=-1500,
                        ),
                        range_ms=300_000,
                    ),
                ),
            ),
            parameter=None,
            labels=("a",),
            without=False,
        ),
        right=ast.Number(position=53, value=1.0),
        matching=ast.Matching(),
    )


def test_matching_of_two_vectors_is_read_as_a_whole() -> None:
    tree = parse("a / on (x, y) group_left (z) fill_right (0) b")
    assert isinstance(tree, ast.Binary)
    assert tree.right.position == 44
    assert tree.matching == ast.Matching(
        cardinality=ast.Cardinality.MANY_TO_ONE,
        on=True,
        labels=("x", "y"),
        include=("z",),
        fill_right=0.0,
    )


def test_a_subquery_keeps_its_own_offset_and_moment() -> None:
    tree = parse("topk(2, x) [1h:5m] @ end() offset 1m")
    assert isinstance(tree, ast.Subquery)
    assert (tree.range_ms, tree.step_ms, tree.offset_ms, tree.at) == (
        3_600_000,
        300_000,
        60_000,
        ast.Anchor.END,
    )


@pytest.mark.parametrize(
    ("query", "position", "hint"),
    [
        ("", 0, ""),
        ("sum(", 4, "the query ends too early"),
        ("up up", 3, "unexpected 'up'"),
        ("1 +* 2", 3, "unexpected '*'"),
        ("sum by (x (y)", 10, "unexpected '('"),
        ("1 + nosuch(up)", 4, ""),
        ("up ? 1", 3, "unexpected character '?'"),
        ('x{a="b" or c="d"}', 0, ""),
        ("up @ 1e300", 5, ""),
    ],
)
def test_a_bad_query_is_refused_with_its_place(query: str, position: int, hint: str) -> None:
    failure = _refusal(query)
    assert (failure.reason, failure.position, failure.hint) == (Reason.BAD_DATA, position, hint)


@pytest.mark.parametrize(
    "query", ["(" * 5000 + "1" + ")" * 5000, "1" + "+1" * 5000, "-" * 5000 + "1", "x" * 100_000]
)
def test_a_query_that_would_exhaust_the_stack_is_refused(query: str) -> None:
    assert "more than" in _refusal(query).message or "longer than" in _refusal(query).message


def test_a_query_may_be_as_deep_as_we_say() -> None:
    depth = MAX_DEPTH - 1
    parse("(" * depth + "1" + ")" * depth)


def _refusal(query: str) -> Failure:
    with pytest.raises(QueryError) as caught:
        parse(query)
    return caught.value.failure
