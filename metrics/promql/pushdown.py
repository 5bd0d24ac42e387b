"""What a store may compute itself: a function over a range of one metric, perhaps aggregated."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from metrics.promql import ast
from metrics.promql.ast import Matcher, MatchKind
from metrics.promql.labels import NAME
from metrics.promql.series import Grid, Source, Steps

AGGREGATIONS = frozenset({"sum", "avg", "min", "max", "count", "group"})
FUNCTIONS = frozenset(
    {
        "rate", "increase", "delta", "irate", "idelta", "changes", "resets",
        "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time",
        "last_over_time", "present_over_time",
    }
)  # fmt: skip
INSTANT = "instant"
"""Stands for a function: each series' latest sample within the lookback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`ends` are the windows' right edges, offset applied; `aggregation` empty: a row per series.

    The rows' labels have no metric name, except of `last_over_time` and INSTANT without an
    aggregation."""

    function: str
    matchers: tuple[Matcher, ...]
    range_ms: int
    ends: Steps
    aggregation: str = ""
    labels: tuple[str, ...] = ()
    without: bool = False

    @property
    def metric(self) -> str:
        """The one metric that is read."""
        return next(m.value for m in self.matchers if _names_one(m))


@runtime_checkable
class Computing(Protocol):
    """A source that computes."""

    def compute(self, plan: Plan) -> Grid | None:
        """The plan's grid, rows that have no value left out; None where it does not pay."""
        ...


def computing(source: Source) -> Computing | None:
    return source if isinstance(source, Computing) else None


def plan(node: ast.Expression, steps: Steps, lookback_ms: int) -> tuple[Plan, ast.Selector] | None:
    """The plan for this node, and the selector it reads, if it has the shape of one."""
    if isinstance(node, ast.Aggregation):
        if node.operator not in AGGREGATIONS or node.parameter is not None:
            return None
        inner = _function(ast.unwrap(node.inner), lookback_ms)
    else:
        inner = _function(node, lookback_ms) if isinstance(node, ast.Call) else None
    if inner is None:
        return None
    function, selector, range_ms = inner
    if selector.at is not None or not any(map(_names_one, selector.matchers)):
        return None
    grouped = isinstance(node, ast.Aggregation)
    made = Plan(
        function=function,
        matchers=selector.matchers,
        range_ms=range_ms,
        ends=Steps(steps.start - selector.offset_ms, steps.interval, steps.count),
        aggregation=node.operator if isinstance(node, ast.Aggregation) else "",
        labels=node.labels if isinstance(node, ast.Aggregation) else (),
        without=grouped and isinstance(node, ast.Aggregation) and node.without,
    )
    return made, selector


def _function(node: ast.Expression, lookback_ms: int) -> tuple[str, ast.Selector, int] | None:
    match node:
        case ast.Selector():
            return INSTANT, node, lookback_ms
        case ast.Call(function=function, arguments=(argument,)) if function in FUNCTIONS:
            inner = ast.unwrap(argument)
            if isinstance(inner, ast.Range):
                return function, inner.selector, inner.range_ms
    return None


def _names_one(matcher: Matcher) -> bool:
    return matcher.name == NAME and matcher.kind is MatchKind.EQUAL and matcher.value != ""
