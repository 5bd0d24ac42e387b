"""Quantiles of plain values, with Prometheus's interpolation and its place for NaN (lowest)."""

import numpy as np

from metrics.promql.series import Booleans, Floats


def quantiles(q: Floats, values: Floats, taken: Booleans) -> Floats:
    """[lane]: the q[lane]-quantile of values[lane, :] where taken; NaN for a lane without values."""
    if values.shape[1] == 0:
        return np.full(len(values), np.nan)
    count = taken.sum(axis=1)
    unreal = (taken & np.isnan(values)).sum(axis=1)
    ordered = np.sort(np.where(taken, values, np.nan), axis=1)  # NaN goes last
    rank = q * (count - 1)
    low = np.maximum(0, np.floor(np.nan_to_num(rank)))
    high = np.minimum(np.maximum(count - 1, 0), low + 1)
    weight = rank - np.floor(rank)
    with np.errstate(invalid="ignore"):
        between = _at(ordered, low, unreal) * (1 - weight) + _at(ordered, high, unreal) * weight
    result = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, between))
    return np.where((count == 0) | np.isnan(q), np.nan, result)


def _at(ordered: Floats, rank: Floats, unreal: Floats) -> Floats:
    place = np.clip(rank.astype(np.int64) - unreal, 0, ordered.shape[1] - 1)
    found = np.take_along_axis(ordered, place[:, None].astype(np.int64), axis=1)[:, 0]
    return np.where(rank < unreal, np.nan, found)
