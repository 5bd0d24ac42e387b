"""topk, bottomk, limitk, limit_ratio: some of the rows, chosen step by step."""

from dataclasses import replace

import numpy as np

from metrics.promql.errors import execution_error
from metrics.promql.grouping import Groups
from metrics.promql.label_hash import place
from metrics.promql.series import Booleans, Floats, Grid, Integers

_MOST = 2**63 - 1


def limits_of(parameter: Floats) -> Integers:
    """How many rows to take at each step."""
    if np.isnan(parameter).any():
        raise execution_error("Parameter value is NaN")
    for value in parameter:
        if value >= _MOST:
            raise execution_error(f"Scalar value {value:g} overflows int64")
        if value <= -_MOST:
            raise execution_error(f"Scalar value {value:g} underflows int64")
    return np.maximum(np.trunc(parameter), 0).astype(np.int64)


def ranked(grid: Grid, groups: Groups, limit: Integers, *, largest: bool) -> Grid:
    """The first rows of each group by value, NaN last; at a single step in that order."""
    chosen = np.zeros(grid.present.shape, dtype=np.bool_)
    order: list[Integers] = []
    for rows in groups.rows:
        places = _order(grid.values[rows], grid.present[rows], largest=largest)
        taken = (np.arange(len(rows))[:, None] < limit[None, :]) & np.take_along_axis(
            grid.present[rows], places, axis=0
        )
        kept = np.zeros(taken.shape, dtype=np.bool_)
        np.put_along_axis(kept, places, taken, axis=0)
        chosen[rows] = kept
        order.append(rows[places[:, 0]])
    result = replace(grid, present=chosen)
    if len(limit) == 1 and order:
        return result.rows(np.concatenate(order)).compact()
    return result.compact()


def _order(values: Floats, present: Booleans, *, largest: bool) -> Integers:
    """Row numbers, best first, in each step."""
    key = -values if largest else values
    rank = np.where(present, np.where(np.isnan(values), 1, 0), 2)  # real, NaN, absent
    by_value = np.argsort(
        np.nan_to_num(key, nan=np.inf, posinf=np.inf, neginf=-np.inf), axis=0, kind="stable"
    )
    by_rank = np.argsort(np.take_along_axis(rank, by_value, axis=0), axis=0, kind="stable")
    return np.take_along_axis(by_value, by_rank, axis=0)


def limited(grid: Grid, groups: Groups, limit: Integers) -> Grid:
    """The first rows of each group, by the order of their label sets."""
    chosen = np.zeros(grid.present.shape, dtype=np.bool_)
    for rows in groups.rows:
        ordered = np.array(sorted(rows, key=lambda row: grid.labels[row]), dtype=np.int64)
        seen = np.cumsum(grid.present[ordered], axis=0)
        chosen[ordered] = grid.present[ordered] & (seen <= limit[None, :])
    return replace(grid, present=chosen).compact()


def sampled(grid: Grid, ratio: Floats) -> Grid:
    """About that share of all rows, always the same ones; a negative ratio takes the others, so
    that `limit_ratio(r, v)` and `limit_ratio(r - 1, v)` are all of v; the same rows as in Prometheus."""
    if np.isnan(ratio).any():
        raise execution_error("Ratio value is NaN")
    places = np.array([place(one) for one in grid.labels]).reshape(-1, 1)
    chosen = np.where(ratio >= 0, places < ratio, places >= 1 + ratio)
    return replace(grid, present=grid.present & chosen).compact()
