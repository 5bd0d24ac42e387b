"""Quantiles of duration histograms, by linear interpolation as Prometheus's `histogram_quantile`."""

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import DURATION_BOUNDS_MS

_UPPER = np.array(DURATION_BOUNDS_MS)
_LOWER = np.array((0.0, *DURATION_BOUNDS_MS[:-1]))


def quantiles(
    buckets: NDArray[np.int64], wanted: tuple[float, ...]
) -> tuple[NDArray[np.float64], ...]:
    """Each wanted quantile in ms of each row of bucket counts (not cumulative); NaN for an empty row.

    What lies above the highest bound is answered with that bound.
    """
    cumulative = buckets.cumsum(axis=1)
    return tuple(_quantile(buckets, cumulative, one) for one in wanted)


def _quantile(
    buckets: NDArray[np.int64], cumulative: NDArray[np.int64], quantile: float
) -> NDArray[np.float64]:
    total = cumulative[:, -1]
    rank = quantile * total
    found = (cumulative >= rank[:, None]).argmax(axis=1)
    bucket = np.minimum(found, len(_UPPER) - 1)
    rows = np.arange(len(buckets))
    inside = buckets[rows, bucket]
    below = cumulative[rows, bucket] - inside
    share = np.where(inside > 0, (rank - below) / np.maximum(inside, 1), 0.0)
    value = _LOWER[bucket] + (_UPPER[bucket] - _LOWER[bucket]) * share
    value = np.where(found == len(_UPPER), _UPPER[-1], value)
    return np.where(total > 0, value, np.nan)
