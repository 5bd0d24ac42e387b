"""The *_over_time family: one number from the samples of each window."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from metrics.promql import folds
from metrics.promql.quantile import quantiles
from metrics.promql.rates import Result
from metrics.promql.series import Booleans, Floats, Integers
from metrics.promql.windows import Block, Windows, reduce

Fold = Callable[[Iterable[folds.Column], tuple[int, ...]], Floats]


def _folded(fold: Fold) -> Callable[[Windows], Result]:
    def kernel(block: Block) -> Floats:
        lanes = len(block.counts)
        taken = np.ones(lanes, dtype=np.bool_)
        return fold(((n, values, taken[:n]) for n, values, _ in block.columns()), (lanes,))

    return lambda found: (reduce(found, kernel), found.counts > 0)


def _stddev(columns: Iterable[folds.Column], shape: tuple[int, ...]) -> Floats:
    return np.sqrt(folds.variances(columns, shape))


def _count(found: Windows) -> Result:
    return found.counts.astype(np.float64), found.counts > 0


def _present(found: Windows) -> Result:
    return np.ones(found.counts.shape), found.counts > 0


def _picked(found: Windows, index: Integers, numbers: Floats | Integers) -> Result:
    if len(numbers) == 0:
        return np.full(index.shape, np.nan), found.counts > 0
    return numbers[index].astype(np.float64), found.counts > 0


def _last(found: Windows) -> Result:
    return _picked(found, found.last(), found.batch.values)


def _first(found: Windows) -> Result:
    return _picked(found, found.first(), found.batch.values)


def _time_of_last(found: Windows) -> Result:
    return _picked(found, found.last(), found.batch.times / 1000)


def _time_of_first(found: Windows) -> Result:
    return _picked(found, found.first(), found.batch.times / 1000)


def _time_of_extreme(
    better: Callable[[Floats, Floats], Booleans],
) -> Callable[[Windows], Result]:
    """When the window's extreme was seen last."""

    def kernel(block: Block) -> Floats:
        best: Floats = block.values[0].copy()
        when: Integers = block.times[0].copy()
        for n, values, times in block.columns():
            taken = better(values, best[:n]) | np.isnan(best[:n])
            best[:n] = np.where(taken, values, best[:n])
            when[:n] = np.where(taken, times, when[:n])
        return np.asarray(when, dtype=np.float64) / 1000

    return lambda found: (reduce(found, kernel), found.counts > 0)


def quantile_over_time(found: Windows, q: Floats) -> Result:
    """q per step."""
    steps = len(found.moments)

    def kernel(block: Block) -> Floats:
        return quantiles(q[block.cells % steps], block.values.T, _taken(block))

    return reduce(found, kernel), found.counts > 0


def _mad(block: Block) -> Floats:
    """Median absolute deviation."""
    half = np.full(len(block.counts), 0.5)
    median = quantiles(half, block.values.T, _taken(block))
    return quantiles(half, np.abs(block.values - median).T, _taken(block))


def _taken(block: Block) -> Booleans:
    return np.arange(len(block.values)) < block.counts[:, None]


PLAIN: Mapping[str, Callable[[Windows], Result]] = {
    "sum_over_time": _folded(folds.totals),
    "avg_over_time": _folded(folds.means),
    "min_over_time": _folded(folds.smallest),
    "max_over_time": _folded(folds.largest),
    "stdvar_over_time": _folded(folds.variances),
    "stddev_over_time": _folded(_stddev),
    "count_over_time": _count,
    "present_over_time": _present,
    "last_over_time": _last,
    "first_over_time": _first,
    "mad_over_time": lambda found: (reduce(found, _mad), found.counts > 0),
    "ts_of_last_over_time": _time_of_last,
    "ts_of_first_over_time": _time_of_first,
    "ts_of_max_over_time": _time_of_extreme(lambda new, best: new >= best),
    "ts_of_min_over_time": _time_of_extreme(lambda new, best: new <= best),
}
KEEPS_NAME = frozenset({"last_over_time", "first_over_time"})
