"""Walks the tree: each node gives its value at all steps at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from metrics.promql import (
    aggregation,
    annotations,
    ast,
    matching,
    names,
    operators,
    pushdown,
    ranking,
)
from metrics.promql.annotations import Annotations
from metrics.promql.errors import bad_data, execution_error
from metrics.promql.grouping import group
from metrics.promql.limits import Budget
from metrics.promql.regex import RegexError
from metrics.promql.selectors import sampled
from metrics.promql.series import (
    Batch,
    Booleans,
    Floats,
    Grid,
    Integers,
    Scalar,
    Source,
    Span,
    Steps,
    String,
    Value,
)
from metrics.promql.windows import Windows, windows

TIME_DEPENDENT = frozenset(
    {
        "time", "timestamp", "predict_linear", "minute", "hour", "month", "year",
        "day_of_month", "day_of_week", "day_of_year", "days_in_month",
    }
)  # fmt: skip
"""Functions whose value moves with the step even if their arguments stand still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How Prometheus would be configured; all in milliseconds."""

    lookback_ms: int = 300_000
    subquery_step_ms: int = 60_000
    delayed_names: bool = False
    """Prometheus's feature flag `promql-delayed-name-removal`."""


Handler = Callable[["Evaluation", ast.Call, Steps], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One query in progress. `whole` is that of the query itself, also inside subqueries."""

    source: Source
    options: Options
    budget: Budget
    notes: Annotations
    whole: Span
    functions: Mapping[str, Handler]

    def value(self, node: ast.Expression, steps: Steps) -> Value:
        self.budget.check()
        if steps.count > 1 and not isinstance(node, ast.Number) and stands_still(node):
            once = self._value(node, Steps(steps.start, steps.interval, 1))
            return _repeated(once, steps.count)
        return self._value(node, steps)

    def _value(self, node: ast.Expression, steps: Steps) -> Value:
        evaluator: Callable[[Evaluation, Any, Steps], Value] | None = _NODES.get(type(node))
        if evaluator is None:
            raise bad_data("a range vector cannot stand here", node.position)
        return evaluator(self, node, steps)

    def grid(self, node: ast.Expression, steps: Steps) -> Grid:
        found = self.value(node, steps)
        if isinstance(found, Scalar):
            return as_grid(found)
        if isinstance(found, String):
            raise bad_data("a string cannot stand here", node.position)
        return found

    def numbers(self, node: ast.Expression, steps: Steps) -> Floats:
        """A scalar argument, per step."""
        found = self.value(node, steps)
        if not isinstance(found, Scalar):
            raise bad_data("a scalar was expected here", node.position)
        return found.values

    def text(self, node: ast.Expression) -> str:
        inner = ast.unwrap(node)
        if not isinstance(inner, ast.Text):
            raise bad_data("a string was expected here", node.position)
        return inner.value

    def nameless(self, grid: Grid) -> Grid:
        return names.forget_names(grid, delayed=self.options.delayed_names)

    def moments(self, at: int | ast.Anchor | None, offset_ms: int, steps: Steps) -> Integers:
        """Where a selector looks at each step."""
        if at is None:
            return steps.times - offset_ms
        if isinstance(at, ast.Anchor):
            at = self.whole.start if at is ast.Anchor.START else self.whole.end
        return np.full(steps.count, at - offset_ms, dtype=np.int64)

    def select(self, selector: ast.Selector, after: int, until: int) -> Batch:
        try:
            batch = self.source.select(selector.matchers, after, until)
        except RegexError as error:
            raise bad_data(f"invalid regular expression: {error}", selector.position) from None
        self.budget.allow_series(len(batch.labels))
        self.budget.spend(len(batch.times))
        return batch

    def _computed(self, node: ast.Expression, steps: Steps) -> Grid | None:
        """What the source computes itself; None where it does not."""
        source = pushdown.computing(self.source)
        if source is None or self.options.delayed_names:
            return None
        found = pushdown.plan(node, steps, self.options.lookback_ms)
        if found is None:
            return None
        plan, selector = found
        try:
            grid = source.compute(plan)
        except RegexError as error:
            raise bad_data(f"invalid regular expression: {error}", selector.position) from None
        if grid is None:
            return None
        self.budget.allow_series(len(grid.labels))
        self.budget.spend(grid.values.size)
        if plan.function in _OF_COUNTERS and len(grid.labels):
            self.inform_of_counter(plan.metric, selector.position)
        return grid

    def inform_of_counter(self, metric: str, position: int) -> None:
        """Say so where a function of counters met what is no counter by its name."""
        if metric and not metric.endswith(_COUNTER_ENDINGS):
            self.notes.inform(annotations.not_a_counter(metric), position)

    def sampled(self, selector: ast.Selector, steps: Steps) -> tuple[Grid, Integers]:
        """The instant vector and the time of each of its samples."""
        moments = self.moments(selector.at, selector.offset_ms, steps)
        lookback = self.options.lookback_ms
        batch = self.select(selector, int(moments.min()) - lookback, int(moments.max()))
        self.budget.spend(len(batch.labels) * steps.count)
        values, present, times = sampled(batch, moments, lookback)
        return Grid(batch.labels, values, present, np.zeros(len(batch.labels), np.bool_)), times

    def windows(self, node: ast.Expression, steps: Steps) -> Windows:
        """A range vector argument."""
        inner = ast.unwrap(node)
        if isinstance(inner, ast.Range):
            return self._range(inner, steps)
        if isinstance(inner, ast.Subquery):
            return self._subquery(inner, steps)
        raise bad_data("a range vector was expected here", node.position)

    def _range(self, node: ast.Range, steps: Steps) -> Windows:
        ends = self.moments(node.selector.at, node.selector.offset_ms, steps)
        after, until = int(ends.min()) - node.range_ms, int(ends.max())
        batch = self.select(node.selector, after, until).without_stale()
        self.budget.spend(len(batch.labels) * steps.count)
        return self._windows(
            batch, ends, steps, node.range_ms, np.zeros(len(batch.labels), np.bool_)
        )

    def _subquery(self, node: ast.Subquery, steps: Steps) -> Windows:
        ends = self.moments(node.at, node.offset_ms, steps)
        step = node.step_ms or self.options.subquery_step_ms
        first = (int(ends.min()) - node.range_ms) // step + 1
        inner = Steps(first * step, step, max(0, int(ends.max()) // step - first + 1))
        self.budget.allow_subquery(inner.count)
        grid = self.grid(node.inner, inner) if inner.count else Grid.empty(0)
        self.budget.spend(len(grid.labels) * (inner.count + steps.count))
        batch = as_batch(grid, inner)
        return self._windows(batch, ends, steps, node.range_ms, grid.nameless)

    def _windows(
        self, batch: Batch, ends: Integers, steps: Steps, range_ms: int, nameless: Booleans
    ) -> Windows:
        found = windows(batch, ends, steps.times, range_ms, nameless)
        return replace(found, pause=self.budget.check)

    def selector(self, node: ast.Selector, steps: Steps) -> Value:
        return self.sampled(node, steps)[0].compact()

    def number(self, node: ast.Number, steps: Steps) -> Value:
        return Scalar(np.full(steps.count, node.value))

    def string(self, node: ast.Text, _steps: Steps) -> Value:
        return String(node.value)

    def parens(self, node: ast.Parens, steps: Steps) -> Value:
        return self.value(node.inner, steps)

    def negation(self, node: ast.Negation, steps: Steps) -> Value:
        found = self.value(node.inner, steps)
        if isinstance(found, Scalar):
            return Scalar(-found.values)
        grid = self.grid(node.inner, steps) if isinstance(found, String) else found
        return self.nameless(Grid(grid.labels, -grid.values, grid.present, grid.nameless))

    def call(self, node: ast.Call, steps: Steps) -> Value:
        handler = self.functions.get(node.function)
        if handler is None:
            raise bad_data(f"the function {node.function}() is not supported", node.position)
        computed = self._computed(node, steps)
        return handler(self, node, steps) if computed is None else computed

    def aggregation(self, node: ast.Aggregation, steps: Steps) -> Value:
        if node.operator == "count_values":
            label = self.text(node.inner if node.parameter is None else node.parameter)
            grid = self.grid(node.inner, steps)
            groups = group(grid.labels, node.labels, without=node.without)
            return aggregation.count_values(
                grid,
                groups,
                label,
                shown=not (node.without and label in node.labels),
                spend=self.budget.spend,
            )
        if node.parameter is None:
            computed = self._computed(node, steps)
            if computed is not None:
                return computed
            grid = self.grid(node.inner, steps)
            groups = group(grid.labels, node.labels, without=node.without)
            return aggregation.fold(grid, groups, node.operator).compact()
        return self._with_parameter(node, self.numbers(node.parameter, steps), steps)

    def _with_parameter(self, node: ast.Aggregation, given: Floats, steps: Steps) -> Grid:
        if node.operator == "quantile":
            self.check_quantile(given, node.parameter or node)
        limit = ranking.limits_of(given) if node.operator in _RANKINGS else np.zeros(0, np.int64)
        ratio = self._ratio(given, node) if node.operator == "limit_ratio" else given
        grid = self.grid(node.inner, steps)
        groups = group(grid.labels, node.labels, without=node.without)
        if node.operator == "quantile":
            return aggregation.quantile(grid, groups, given).compact()
        if node.operator == "limitk":
            return ranking.limited(grid, groups, limit)
        if node.operator == "limit_ratio":
            return ranking.sampled(grid, ratio)
        return ranking.ranked(grid, groups, limit, largest=node.operator == "topk")

    def _ratio(self, given: Floats, node: ast.Aggregation) -> Floats:
        if np.isnan(given).any():
            raise execution_error("Ratio value is NaN")
        used = np.clip(given, -1, 1)
        for value, capped in zip(given, used, strict=True):
            if value != capped:
                text = annotations.ratio_out_of_range(float(value), float(capped))
                self.notes.warn(text, (node.parameter or node).position)
        return used

    def check_quantile(self, given: Floats, node: ast.Expression) -> None:
        for value in np.unique(given[~((given >= 0) & (given <= 1))]):
            self.notes.warn(annotations.quantile_out_of_range(float(value)), node.position)

    def binary(self, node: ast.Binary, steps: Steps) -> Value:
        left, right = self.value(node.left, steps), self.value(node.right, steps)
        if isinstance(left, String) or isinstance(right, String):
            raise bad_data("an operator cannot take a string", node.position)
        if isinstance(left, Scalar):
            if isinstance(right, Scalar):
                pair = left.values, right.values
                return Scalar(operators.apply(node.operator, *pair, as_bool=True)[0])
            result = matching.with_scalar(node, right, left.values, scalar_left=True)
        elif isinstance(right, Scalar):
            result = matching.with_scalar(node, left, right.values, scalar_left=False)
        else:
            result = _SETS.get(node.operator, _combine)(node, left, right)
        self.budget.spend(result.values.size)
        return result if self.options.delayed_names else names.settle(result)


def _combine(node: ast.Binary, left: Grid, right: Grid) -> Grid:
    return matching.combine(node, left, right)


_COUNTER_ENDINGS = ("_total", "_sum", "_count", "_bucket")
_OF_COUNTERS = frozenset({"rate", "increase"})
_RANKINGS = frozenset({"topk", "bottomk", "limitk"})
_SETS: Mapping[str, Callable[[ast.Binary, Grid, Grid], Grid]] = {
    "and": lambda node, left, right: matching.both(left, right, node.matching),
    "or": lambda node, left, right: matching.either(left, right, node.matching),
    "unless": lambda node, left, right: matching.unless(left, right, node.matching),
}
_NODES: Mapping[type[ast.Expression], Callable[..., Value]] = {
    ast.Selector: Evaluation.selector,
    ast.Number: Evaluation.number,
    ast.Text: Evaluation.string,
    ast.Parens: Evaluation.parens,
    ast.Negation: Evaluation.negation,
    ast.Call: Evaluation.call,
    ast.Aggregation: Evaluation.aggregation,
    ast.Binary: Evaluation.binary,
}


def stands_still(node: ast.Expression) -> bool:
    """Is the value the same at every step?"""
    match node:
        case ast.Selector(at=at) | ast.Subquery(at=at):
            return at is not None
        case ast.Range(selector=selector):
            return selector.at is not None
        case ast.Call(function=function):
            return function not in TIME_DEPENDENT and all(map(stands_still, ast.parts(node)))
        case _:
            return all(map(stands_still, ast.parts(node)))


def _repeated(found: Value, count: int) -> Value:
    if isinstance(found, String):
        return found
    if isinstance(found, Scalar):
        return Scalar(np.repeat(found.values, count))
    return Grid(
        found.labels,
        np.repeat(found.values, count, axis=1),
        np.repeat(found.present, count, axis=1),
        found.nameless,
    )


def as_grid(scalar: Scalar) -> Grid:
    """The vector without labels that `vector()` makes."""
    values = scalar.values[None, :]
    return Grid(((),), values, np.ones(values.shape, np.bool_), np.zeros(1, np.bool_))


def as_batch(grid: Grid, steps: Steps) -> Batch:
    rows, columns = np.nonzero(grid.present)
    counts = np.bincount(rows, minlength=len(grid.labels))
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]).astype(np.int64)
    return Batch(grid.labels, starts, steps.times[columns], grid.values[rows, columns])
