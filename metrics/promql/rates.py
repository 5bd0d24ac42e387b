"""rate, increase, delta and their instant kin: what a counter or gauge did within its window."""

import numpy as np

from metrics.promql.series import Booleans, Floats
from metrics.promql.windows import Windows

Result = tuple[Floats, Booleans]
"""[series, step]: values, and where there are any."""


def rate(found: Windows) -> Result:
    values, present = _extrapolated(found, counter=True)
    return values / (found.range_ms / 1000), present


def increase(found: Windows) -> Result:
    return _extrapolated(found, counter=True)


def delta(found: Windows) -> Result:
    return _extrapolated(found, counter=False)


def _extrapolated(found: Windows, *, counter: bool) -> Result:
    """The change between first and last sample, stretched towards the window's edges: fully where
    the next sample would have been due within 1.1 intervals, else by half an interval, and never
    below a counter's zero."""
    present = found.counts >= 2
    if not present.any():
        return np.full(present.shape, np.nan), present
    batch, first, last = found.batch, found.first(), found.last()
    begun = batch.values[first]
    change = batch.values[last] - begun
    if counter:
        change = change + _dropped(found)
    ends = found.ends[None, :]
    to_start = (batch.times[first] - (ends - found.range_ms)) / 1000
    to_end = (ends - batch.times[last]) / 1000
    sampled = (batch.times[last] - batch.times[first]) / 1000
    usual = sampled / np.maximum(found.counts - 1, 1)
    reach = usual * 1.1
    to_start = np.where(to_start >= reach, usual / 2, to_start)
    if counter:
        to_zero = np.where((change > 0) & (begun >= 0), sampled * (begun / change), to_start)
        to_start = np.minimum(to_start, to_zero)
    to_end = np.where(to_end >= reach, usual / 2, to_end)
    return change * ((sampled + to_start + to_end) / sampled), present


def _dropped(found: Windows) -> Floats:
    """What the counter had reached before each reset inside the window, summed."""
    values = found.batch.values
    fell = np.zeros(len(values))
    later = values[1:] < values[:-1]
    fell[1:][later] = values[:-1][later]
    heads = found.batch.starts[:-1]
    fell[heads[heads < len(fell)]] = 0  # another series' last value is no reset
    result = np.zeros(found.low.shape)
    reset_at = np.flatnonzero(fell)
    if len(reset_at) == 0:
        return result
    begin = np.searchsorted(reset_at, found.low, "right")  # a window's first sample resets nothing
    end = np.maximum(np.searchsorted(reset_at, found.high, "left"), begin)
    touched = end > begin
    edges = np.stack([begin[touched], end[touched]], axis=1).ravel()
    padded = np.append(fell[reset_at], 0.0)
    result[touched] = np.add.reduceat(padded, edges)[::2] if len(edges) else 0
    return result


def irate(found: Windows) -> Result:
    return _instant(found, counter=True)


def idelta(found: Windows) -> Result:
    return _instant(found, counter=False)


def _instant(found: Windows, *, counter: bool) -> Result:
    batch, last = found.batch, found.last()
    before = np.maximum(last - 1, 0)
    if len(batch.times) == 0:
        return np.full(found.low.shape, np.nan), np.zeros(found.low.shape, dtype=np.bool_)
    apart = batch.times[last] - batch.times[before]
    present = (found.counts >= 2) & (apart != 0)
    new, old = batch.values[last], batch.values[before]
    if not counter:
        return new - old, present
    return np.where(new < old, new, new - old) / (apart / 1000), present


def changes(found: Windows) -> Result:
    values = found.batch.values
    both_nan = np.isnan(values[1:]) & np.isnan(values[:-1])
    return _count_steps(found, (values[1:] != values[:-1]) & ~both_nan)


def resets(found: Windows) -> Result:
    values = found.batch.values
    return _count_steps(found, values[1:] < values[:-1])


def _count_steps(found: Windows, happened: Booleans) -> Result:
    """How often it happened from one sample of the window to the next."""
    until = np.zeros(len(found.batch.values) + 1, dtype=np.int64)
    np.cumsum(happened, out=until[2:]) if len(until) > 2 else None
    # until[i]: steps into a sample before index i
    size = len(until) - 1
    count = until[found.high] - until[np.minimum(found.low + 1, size)]
    return np.maximum(count, 0).astype(np.float64), found.counts > 0
