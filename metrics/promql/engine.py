"""The door to the language: a query and a source in, an answer or a failure out."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from metrics.promql import ast, names
from metrics.promql.annotations import Annotation, Annotations
from metrics.promql.durations import Window
from metrics.promql.errors import Failure, QueryError, Reason
from metrics.promql.evaluate import Evaluation, Options
from metrics.promql.functions import FUNCTIONS
from metrics.promql.limits import Budget, Limits, never, too_many_steps
from metrics.promql.parse import LAST_MOMENT_MS, parse
from metrics.promql.series import Batch, Grid, Scalar, Series, Source, Span, Steps, String


@dataclass(frozen=True, slots=True)
class Matrix:
    """A range vector as the result of an instant query: samples with their own times."""

    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The value at `steps`; a Grid's rows are in the order of the result, or by labels for a range
    query. `samples` is what the budget counted."""

    value: Grid | Scalar | String | Matrix
    steps: Steps
    annotations: tuple[Annotation, ...]
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Evaluates queries; holds nothing but its configuration."""

    source: Source
    options: Options = field(default_factory=Options)
    limits: Limits = field(default_factory=Limits)

    def instant(
        self, query: str, at_ms: int, cancelled: Callable[[], bool] = never
    ) -> Answer | Failure:
        return self._guarded(query, Span(at_ms, at_ms, 0), cancelled, ranged=False)

    def range(
        self,
        query: str,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        cancelled: Callable[[], bool] = never,
    ) -> Answer | Failure:
        if step_ms <= 0:
            message = "zero or negative query resolution step widths are not accepted"
            return Failure(reason=Reason.BAD_DATA, message=message)
        if end_ms < start_ms:
            message = "end timestamp must not be before start time"
            return Failure(reason=Reason.BAD_DATA, message=message)
        span = Span(start_ms, end_ms, step_ms)
        refused = too_many_steps(span.steps.count, self.limits)
        if refused is not None:
            return refused
        return self._guarded(query, span, cancelled, ranged=True)

    def _guarded(
        self, query: str, span: Span, cancelled: Callable[[], bool], *, ranged: bool
    ) -> Answer | Failure:
        if max(abs(span.start), abs(span.end), span.step) > LAST_MOMENT_MS:
            return Failure(reason=Reason.BAD_DATA, message="a time is out of bounds")
        try:
            with np.errstate(all="ignore"):
                return self._answer(query, span, Budget(self.limits, cancelled), ranged=ranged)
        except QueryError as error:
            return error.failure
        except RecursionError:
            message = "the expression is nested too deeply"
            return Failure(reason=Reason.BAD_DATA, message=message)
        except MemoryError:
            message = "the query needs more memory than there is"
            return Failure(reason=Reason.EXECUTION, message=message, limit="memory")

    def _answer(self, query: str, span: Span, budget: Budget, *, ranged: bool) -> Answer:
        tree = parse(query, Window(step_ms=span.step, range_ms=span.end - span.start))
        notes = Annotations(query)
        steps = span.steps
        run = Evaluation(
            source=self.source,
            options=self.options,
            budget=budget,
            notes=notes,
            whole=span,
            functions=FUNCTIONS,
        )
        bare = ast.unwrap(tree)
        value: Grid | Scalar | String | Matrix
        if isinstance(bare, ast.Range | ast.Subquery):
            _refuse_in_range("range vector", ranged=ranged)
            value = _matrix(run, bare, steps)
        else:
            value = _settled(run, tree, steps, ranged=ranged)
        return Answer(
            value=value, steps=steps, annotations=tuple(notes.found), samples=budget.samples
        )


def _settled(
    run: Evaluation, tree: ast.Expression, steps: Steps, *, ranged: bool
) -> Grid | Scalar | String:
    value = run.value(tree, steps)
    if isinstance(value, String):
        _refuse_in_range("string", ranged=ranged)
    if not isinstance(value, Grid):
        return value
    grid = names.unite(names.settle(value)).compact()
    if not ranged:
        return grid
    order = sorted(range(len(grid.labels)), key=lambda row: grid.labels[row])
    return grid.rows(np.array(order, dtype=np.int64))


def _refuse_in_range(kind: str, *, ranged: bool) -> None:
    if ranged:
        message = (
            f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
        )
        raise QueryError(Failure(reason=Reason.BAD_DATA, message=message))


def _matrix(run: Evaluation, node: ast.Range | ast.Subquery, steps: Steps) -> Matrix:
    found = run.windows(node, steps)
    return Matrix(
        tuple(
            _cut(found.batch, row, int(found.low[row, 0]), int(found.high[row, 0]))
            for row in range(len(found.labels))
            if found.high[row, 0] > found.low[row, 0]
        )
    )


def _cut(batch: Batch, row: int, low: int, high: int) -> Series:
    return Series(batch.labels[row], batch.times[low:high], batch.values[low:high])
