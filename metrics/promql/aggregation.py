"""sum, avg, min, max, count, group, stddev, stdvar, quantile, count_values: many rows to one."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from metrics.promql import folds
from metrics.promql import labels as label_sets
from metrics.promql.errors import execution_error
from metrics.promql.grouping import Groups
from metrics.promql.quantile import quantiles
from metrics.promql.series import Floats, Grid, Integers

Fold = Callable[[Iterable[folds.Column], tuple[int, ...]], Floats]


def fold(grid: Grid, groups: Groups, operator: str) -> Grid:
    shape = (len(groups.labels), grid.values.shape[1])
    return _grid(grid, groups, _FOLDS[operator](_columns(grid, groups), shape))


def quantile(grid: Grid, groups: Groups, q: Floats) -> Grid:
    """q per step."""
    result = np.full((len(groups.labels), grid.values.shape[1]), np.nan)
    for index, rows in enumerate(groups.rows):
        result[index] = quantiles(q, grid.values[rows].T, grid.present[rows].T)
    return _grid(grid, groups, result)


def _columns(grid: Grid, groups: Groups) -> Iterator[folds.Column]:
    for rows in groups.ranks():
        yield len(rows), grid.values[rows], grid.present[rows]


def _grid(grid: Grid, groups: Groups, values: Floats) -> Grid:
    present = np.zeros(values.shape, dtype=np.bool_)
    for rows in groups.ranks():
        present[: len(rows)] |= grid.present[rows]
    nameless = grid.nameless[_heads(groups)]
    return Grid(groups.labels, values, present, nameless)


def _heads(groups: Groups) -> Integers:
    return np.array([rows[0] for rows in groups.rows], dtype=np.int64)


def _counted(columns: Iterable[folds.Column], shape: tuple[int, ...]) -> Floats:
    result = np.zeros(shape)
    for n, _, taken in columns:
        result[:n] += taken
    return result


def _ones(_columns: Iterable[folds.Column], shape: tuple[int, ...]) -> Floats:
    return np.ones(shape)


def _stddev(columns: Iterable[folds.Column], shape: tuple[int, ...]) -> Floats:
    return np.sqrt(folds.variances(columns, shape))


_FOLDS: Mapping[str, Fold] = {
    "sum": folds.totals,
    "avg": folds.means,
    "min": folds.smallest,
    "max": folds.largest,
    "stddev": _stddev,
    "stdvar": folds.variances,
    "count": _counted,
    "group": _ones,
}


def count_values(
    grid: Grid, groups: Groups, label: str, *, shown: bool, spend: Callable[[int], None]
) -> Grid:
    """One row per group and distinct value, the value as a label; one per group if not shown.

    `spend` hears how many values the result will have, before it is made."""
    if not label_sets.is_label_name(label):
        raise execution_error(f"invalid label name {label_sets.quoted(label)}")
    steps = grid.values.shape[1]
    counts: dict[label_sets.Labels, Floats] = {}
    for key, rows in zip(groups.labels, groups.rows, strict=True):
        present = grid.present[rows]
        distinct, code = np.unique(grid.values[rows][present], return_inverse=True)
        spend(len(distinct) * steps)
        cell = code * steps + np.nonzero(present)[1]
        table = np.bincount(cell, minlength=len(distinct) * steps).reshape(len(distinct), steps)
        for value, row in zip(distinct.tolist(), table, strict=True):
            named = label_sets.replace(key, label, plain_number(value)) if shown else key
            counts[named] = counts[named] + row if named in counts else row.astype(np.float64)
    values = np.array(list(counts.values())).reshape(len(counts), steps)
    return Grid(tuple(counts), values, values > 0, np.zeros(len(counts), dtype=np.bool_))


def plain_number(value: float) -> str:
    """Go's %f with as many digits as needed: never an exponent."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return np.format_float_positional(value, trim="-")
