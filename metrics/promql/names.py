"""Metric names that go away, and series that become one by that."""

from dataclasses import replace

import numpy as np

from metrics.promql import labels as label_sets
from metrics.promql.errors import execution_error
from metrics.promql.labels import Labels
from metrics.promql.series import Booleans, Grid

SAME_LABELS = "vector cannot contain metrics with the same labelset"


def unite(grid: Grid) -> Grid:
    """One row per label set; two rows with values at the same step cannot be united."""
    seen: dict[Labels, int] = {}
    target = np.array([seen.setdefault(one, len(seen)) for one in grid.labels], dtype=np.int64)
    if len(seen) == len(grid.labels):
        return grid
    present = np.zeros((len(seen), grid.present.shape[1]), dtype=np.int64)
    np.add.at(present, target, grid.present)
    if (present > 1).any():
        raise execution_error(SAME_LABELS)
    values = np.full(present.shape, np.nan)
    for row, into in enumerate(target):
        values[into] = np.where(grid.present[row], grid.values[row], values[into])
    nameless = np.zeros(len(seen), dtype=np.bool_)
    np.logical_or.at(nameless, target, grid.nameless)
    return Grid(tuple(seen), values, present > 0, nameless)


def forget_names(grid: Grid, *, delayed: bool) -> Grid:
    """All rows lose their metric name: at once, or (delayed) when the query is done."""
    marked = replace(grid, nameless=np.ones(len(grid.labels), dtype=np.bool_))
    return marked if delayed else settle(marked)


def settle(grid: Grid) -> Grid:
    """Takes the names of marked rows away for good."""
    if not grid.nameless.any():
        return grid
    stripped = tuple(
        label_sets.without_name(one) if gone else one
        for one, gone in zip(grid.labels, grid.nameless, strict=True)
    )
    return unite(replace(grid, labels=stripped, nameless=none_of(grid)))


def none_of(grid: Grid) -> Booleans:
    return np.zeros(len(grid.labels), dtype=np.bool_)
