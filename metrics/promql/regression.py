"""Trends in a window: least squares and exponential smoothing."""

import numpy as np

from metrics.promql.folds import kahan_step
from metrics.promql.rates import Result
from metrics.promql.series import Floats, Integers
from metrics.promql.windows import Block, Windows, reduce


def deriv(found: Windows) -> Result:
    """Slope per second."""
    return reduce(found, lambda block: _line(block, block.times[0])[0]), found.counts >= 2


def predict_linear(found: Windows, ahead_s: Floats) -> Result:
    """The line's value `ahead_s[step]` seconds after each evaluation time."""
    steps = len(found.moments)

    def predicted(block: Block) -> Floats:
        step = block.cells % steps
        slope, intercept = _line(block, found.moments[step])
        return slope * ahead_s[step] + intercept

    return reduce(found, predicted), found.counts >= 2


def _line(block: Block, origin: Integers) -> tuple[Floats, Floats]:
    """(slope, value at the origin) for each window."""
    lanes = len(block.counts)
    sums = np.zeros((4, lanes))  # of x, y, x*y, x*x
    lost = np.zeros((4, lanes))
    flat = np.ones(lanes, dtype=np.bool_)
    for n, y, times in block.columns():
        x = (times - origin[:n]) / 1000
        flat[:n] &= y == block.values[0, :n]
        terms = np.stack([x, y, x * y, x * x])
        sums[:, :n], lost[:, :n] = kahan_step(terms, sums[:, :n], lost[:, :n])
    x, y, xy, xx = sums + lost
    count = block.counts.astype(np.float64)
    slope = (xy - x * y / count) / (xx - x * x / count)
    intercept = y / count - slope * x / count
    begun = block.values[0]
    never = np.where(np.isinf(begun), np.nan, 0.0)
    return np.where(flat, never, slope), np.where(flat, begun + never, intercept)


def smoothed(found: Windows, level: Floats, trend: Floats) -> Result:
    """Holt's double exponential smoothing; factors per step, each between 0 and 1."""
    steps = len(found.moments)

    def kernel(block: Block) -> Floats:
        step = block.cells % steps
        return _smooth(block, level[step], trend[step])

    return reduce(found, kernel), found.counts >= 2


def _smooth(block: Block, level: Floats, trend: Floats) -> Floats:
    lanes = len(block.counts)
    before = np.zeros(lanes)
    now: Floats = block.values[0].copy()
    slope = block.values[min(1, len(block.values) - 1)] - block.values[0]
    for k, (n, values, _) in enumerate(block.columns()):
        if k == 0:
            continue
        if k > 1:
            slope[:n] = trend[:n] * (now[:n] - before[:n]) + (1 - trend[:n]) * slope[:n]
        new = level[:n] * values + (1 - level[:n]) * (now[:n] + slope[:n])
        before[:n], now[:n] = now[:n], new
    return now
