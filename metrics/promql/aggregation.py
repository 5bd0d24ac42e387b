"""sum, avg, min, max, count, group, stddev, stdvar, quantile, count_values: many rows to one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from metrics.promql import folds
from metrics.promql import labels as label_sets
from metrics.promql.errors import execution_error
from metrics.promql.grouping import Groups
from metrics.promql.quantile import quantiles
from metrics.promql.series import Booleans, Floats, Grid, Integers

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


def count_values(grid: Grid, groups: Groups, label: str, *, shown: bool) -> Grid:
    """One row per group and distinct value, the value as a label; one per group if not shown."""
    if not label_sets.is_label_name(label):
        raise execution_error(f"invalid label name {label_sets.quoted(label)}")
    counts: dict[label_sets.Labels, Floats] = defaultdict(lambda: np.zeros(grid.values.shape[1]))
    for key, rows in zip(groups.labels, groups.rows, strict=True):
        for text, where in _where_each(grid.values[rows], grid.present[rows]):
            counts[label_sets.replace(key, label, text) if shown else key] += where.sum(axis=0)
    values = np.array(list(counts.values())).reshape(len(counts), grid.values.shape[1])
    return Grid(tuple(counts), values, values > 0, np.zeros(len(counts), dtype=np.bool_))


def _where_each(values: Floats, present: Booleans) -> Iterator[tuple[str, Booleans]]:
    for value in np.unique(values[present]):
        same = np.isnan(values) if np.isnan(value) else values == value
        yield plain_number(float(value)), present & same


def plain_number(value: float) -> str:
    """Go's %f with as many digits as needed: never an exponent."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return np.format_float_positional(value, trim="-")
