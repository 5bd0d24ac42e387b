"""Range vectors: for every series and step, which samples lie in (end - range, end]."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from metrics.promql.labels import Labels
from metrics.promql.series import Batch, Booleans, Floats, Integers

_BLOCK = 1 << 17
"""Samples that are unfolded at a time."""


def first_after(batch: Batch, moments: Integers) -> Integers:
    """[series, moment]: index of the series' first sample later than the moment."""
    count = len(batch.labels)
    if count == 0 or len(batch.times) == 0:
        return np.repeat(batch.starts[:count, None], len(moments), axis=1)
    length = len(batch.times) // count
    if length * count == len(batch.times):
        table = batch.times.reshape(count, length)
        even = bool((batch.starts[:-1] == np.arange(count) * length).all())
        if even and bool((table == table[0]).all()):  # scraped together
            return batch.starts[:-1, None] + np.searchsorted(table[0], moments, "right")
    return _first_after_each(batch, moments)


def _first_after_each(batch: Batch, moments: Integers) -> Integers:
    """All series in one search: each gets its own stretch of an imaginary time line."""
    low = int(batch.times.min()) - 1
    span = int(batch.times.max()) - low + 2
    row = np.repeat(np.arange(len(batch.labels)), np.diff(batch.starts))
    line = batch.times - low + row * span
    asked = (
        np.clip(moments - low, 0, span - 1)[None, :]
        + (np.arange(len(batch.labels)) * span)[:, None]
    )
    return np.searchsorted(line, asked.ravel(), "right").reshape(asked.shape)


@dataclass(frozen=True, slots=True)
class Windows:
    """Series i at step j has the samples `low[i, j]` to `high[i, j]` of `batch`, never stale ones.

    `ends` are the windows' right edges (offset and @ applied), `moments` the evaluation times."""

    batch: Batch
    low: Integers
    high: Integers
    ends: Integers
    moments: Integers
    range_ms: int
    nameless: Booleans
    pause: Callable[[], None] = lambda: None
    """Called now and then during long work; may raise."""

    @property
    def labels(self) -> tuple[Labels, ...]:
        return self.batch.labels

    @property
    def counts(self) -> Integers:
        return self.high - self.low

    def first(self) -> Integers:
        """Index of each window's first sample; meaningless where it has none."""
        return np.minimum(self.low, max(len(self.batch.times) - 1, 0))

    def last(self) -> Integers:
        return np.maximum(self.high - 1, 0)


_CELLS = 1 << 18
"""Windows worked on at a time: their intermediate arrays fit into the processor's cache."""


def applied(
    function: Callable[[Windows], tuple[Floats, Booleans]], found: Windows
) -> tuple[Floats, Booleans]:
    """The function over some series after the other."""
    series, steps = found.low.shape
    size = max(1, _CELLS // max(steps, 1))
    if series <= size:
        return function(found)
    values = np.empty(found.low.shape)
    present = np.empty(found.low.shape, dtype=np.bool_)
    for begin in range(0, series, size):
        found.pause()
        part = slice(begin, begin + size)
        values[part], present[part] = function(_rows(found, begin, min(begin + size, series)))
    return values, present


def _rows(found: Windows, begin: int, end: int) -> Windows:
    """The windows of series `begin` to `end`, with only their samples."""
    starts = found.batch.starts[begin : end + 1]
    first, last = int(starts[0]), int(starts[-1])
    batch = Batch(
        found.batch.labels[begin:end],
        starts - first,
        found.batch.times[first:last],
        found.batch.values[first:last],
    )
    return replace(
        found,
        batch=batch,
        low=found.low[begin:end] - first,
        high=found.high[begin:end] - first,
        nameless=found.nameless[begin:end],
    )


def windows(
    batch: Batch, ends: Integers, moments: Integers, range_ms: int, nameless: Booleans
) -> Windows:
    return Windows(
        batch=batch,
        low=first_after(batch, ends - range_ms),
        high=first_after(batch, ends),
        ends=ends,
        moments=moments,
        range_ms=range_ms,
        nameless=nameless,
    )


@dataclass(frozen=True, slots=True)
class Block:
    """Some windows unfolded, longest first: `values[k, i]` is the k-th sample of window i, for
    k < `counts[i]`. `cells` are their places in the flattened [series, step] table."""

    values: Floats
    times: Integers
    counts: Integers
    cells: Integers

    def columns(self) -> Iterator[tuple[int, Floats, Integers]]:
        """The k-th samples of the n windows that have one: (n, values, times)."""
        for k in range(len(self.values)):
            alive = int(np.searchsorted(-self.counts, -k, "left"))
            yield alive, self.values[k, :alive], self.times[k, :alive]


def blocks(found: Windows) -> Iterator[Block]:
    counts = found.counts.ravel()
    order = np.argsort(-counts, kind="stable")
    order = order[: int((counts > 0).sum())]
    begin = 0
    while begin < len(order):
        found.pause()
        longest = int(counts[order[begin]])
        cells = order[begin : begin + max(1, _BLOCK // longest)]
        places = found.low.ravel()[cells] + np.arange(longest)[:, None]
        places = np.minimum(places, len(found.batch.times) - 1)
        yield Block(found.batch.values[places], found.batch.times[places], counts[cells], cells)
        begin += len(cells)


def reduce(found: Windows, kernel: Callable[[Block], Floats]) -> Floats:
    """[series, step]: the kernel's number for every window that has samples."""
    result = np.full(found.low.size, np.nan)
    for block in blocks(found):
        result[block.cells] = kernel(block)
    return result.reshape(found.low.shape)
