"""Classic histograms: quantiles and fractions from cumulative buckets with an `le` label."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from metrics.promql import labels as label_sets
from metrics.promql.labels import NAME, Labels
from metrics.promql.series import Booleans, Floats, Grid, Integers

_TINY = 1e-12
"""Relative difference of two counts that is taken for rounding."""


@dataclass(frozen=True, slots=True)
class Histograms:
    """Histograms with the same bounds. `counts[b, i, s]`: bucket b of histogram i at step s."""

    labels: tuple[Labels, ...]
    bounds: Floats
    counts: Floats
    present: Booleans
    nameless: Booleans


@dataclass(frozen=True, slots=True)
class Grouped:
    found: tuple[Histograms, ...]
    malformed: tuple[tuple[str, str], ...]
    """(value of le, metric name) of rows that are no bucket."""


def grouped(grid: Grid) -> Grouped:
    """Rows gathered into histograms, ascending bounds; equal bounds stay apart."""
    by_key: dict[Labels, list[tuple[float, int]]] = {}
    malformed: list[tuple[str, str]] = []
    for row, one in enumerate(grid.labels):
        text = label_sets.get(one, "le")
        bound = _bound(text)
        if bound is None:
            malformed.append((text, label_sets.get(one, NAME)))
            continue
        by_key.setdefault(label_sets.drop(one, ("le",)), []).append((bound, row))
    by_bounds: dict[tuple[float, ...], list[tuple[Labels, list[int]]]] = {}
    for key, buckets in by_key.items():
        buckets.sort()
        bounds = tuple(bound for bound, _ in buckets)
        by_bounds.setdefault(bounds, []).append((key, [row for _, row in buckets]))
    found = tuple(_stacked(grid, bounds, parts) for bounds, parts in by_bounds.items())
    return Grouped(found, tuple(malformed))


def _stacked(
    grid: Grid, bounds: tuple[float, ...], parts: list[tuple[Labels, list[int]]]
) -> Histograms:
    rows = np.array([rows for _, rows in parts], dtype=np.int64).T
    return Histograms(
        tuple(key for key, _ in parts),
        np.array(bounds),
        grid.values[rows],
        grid.present[rows],
        grid.nameless[rows[0]],
    )


def _bound(text: str) -> float | None:
    try:
        bound = float(text)
    except ValueError:
        return None
    return None if np.isnan(bound) or "_" in text else bound


@dataclass(frozen=True, slots=True)
class Buckets:
    """Cumulative counts of many histograms: `counts[b, lane]`."""

    bounds: Floats
    counts: Floats


Measure = Callable[[Buckets, Integers], tuple[Floats, Booleans]]
"""(buckets, step of each lane) -> (value of each lane, which lanes had to be made monotonic)"""


def measured(histograms: Histograms, measure: Measure) -> tuple[Floats, Booleans, Booleans]:
    """[histogram, step]: (values, present, which had to be made monotonic)."""
    size, count, steps = histograms.counts.shape
    counts = histograms.counts.reshape(size, count * steps)
    there = histograms.present.reshape(size, count * steps)
    values = np.full(count * steps, np.nan)
    forced = np.zeros(count * steps, dtype=np.bool_)
    for pattern, lanes in _patterns(there):
        bounds, merged = _coalesced(histograms.bounds[pattern], counts[pattern][:, lanes])
        values[lanes], forced[lanes] = measure(Buckets(bounds, merged), lanes % steps)
    shape = (count, steps)
    return values.reshape(shape), there.any(axis=0).reshape(shape), forced.reshape(shape)


def _patterns(there: Booleans) -> Iterator[tuple[Booleans, Integers]]:
    """Lanes that have the same buckets."""
    if there.all():
        yield np.ones(len(there), dtype=np.bool_), np.arange(there.shape[1])
        return
    patterns, which = np.unique(there, axis=1, return_inverse=True)
    for index in range(patterns.shape[1]):
        if patterns[:, index].any():
            yield patterns[:, index], np.flatnonzero(which.ravel() == index)


def _coalesced(bounds: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Buckets of the same bound, written differently, are one."""
    distinct, begin = np.unique(bounds, return_index=True)
    if len(distinct) == len(bounds):
        return bounds, counts
    return distinct, np.add.reduceat(counts, begin, axis=0)


def _monotonic(counts: Floats) -> tuple[Floats, Booleans]:
    result = counts.copy()
    forced = np.zeros(counts.shape[1], dtype=np.bool_)
    before = result[0]
    for index in range(1, len(result)):
        now = result[index]
        close = (now != before) & _almost_equal(before, now)
        falling = (now < before) & ~close
        forced |= falling
        result[index] = before = np.where(close | falling, before, now)
    return result, forced


def _almost_equal(one: Floats, other: Floats) -> Booleans:
    smallest = np.finfo(np.float64).tiny
    total, apart = np.abs(one) + np.abs(other), np.abs(one - other)
    near_zero = (one == 0) | (other == 0) | (total < smallest)
    relative = apart / np.minimum(total, np.finfo(np.float64).max)
    return np.asarray(np.where(near_zero, apart < _TINY * smallest, relative < _TINY))


def quantile(q: Floats) -> Measure:
    """q per step, linear within the bucket, the lowest bucket starting at 0 if its bound is above."""

    def measure(buckets: Buckets, step: Integers) -> tuple[Floats, Booleans]:
        wanted = q[step]
        counts, forced = _monotonic(buckets.counts)
        inside = _inside(Buckets(buckets.bounds, counts), wanted)
        outside = np.where(wanted < 0, -np.inf, np.inf)
        result = np.where((wanted < 0) | (wanted > 1), outside, inside)
        return np.where(np.isnan(wanted), np.nan, result), forced

    return measure


def _inside(buckets: Buckets, q: Floats) -> Floats:
    bounds, counts = buckets.bounds, buckets.counts
    if len(bounds) < 2 or not np.isposinf(bounds[-1]):
        return np.full(counts.shape[1], np.nan)
    total = counts[-1]
    rank = q * total
    bucket = np.argmax(np.concatenate([counts[:-1] >= rank, np.ones((1, len(rank)), np.bool_)]), 0)
    below = np.maximum(bucket - 1, 0)
    lane = np.arange(len(rank))
    first = bucket == 0
    start = np.where(first, 0.0, bounds[below])
    under = np.where(first, 0.0, counts[below, lane])
    share = (rank - under) / (counts[bucket, lane] - under)
    result = start + (bounds[bucket] - start) * share
    result = np.where(first & (bounds[0] <= 0), bounds[0], result)
    result = np.where(bucket == len(bounds) - 1, bounds[-2], result)
    return np.where(total == 0, np.nan, result)


def fraction(lower: Floats, upper: Floats) -> Measure:
    """The share of observations between two values, each per step."""

    def measure(buckets: Buckets, step: Integers) -> tuple[Floats, Booleans]:
        low, high = lower[step], upper[step]
        total = buckets.counts[-1]
        untouched = np.zeros(len(total), dtype=np.bool_)
        if not np.isposinf(buckets.bounds[-1]):
            return np.full(len(total), np.nan), untouched
        share = (_rank(buckets, high) - _rank(buckets, low)) / total
        share = np.where(low >= high, 0.0, share)
        return np.where((total == 0) | np.isnan(low) | np.isnan(high), np.nan, share), untouched

    return measure


def _rank(buckets: Buckets, value: Floats) -> Floats:
    """How many observations lie below the value; an infinitely wide bucket is not interpolated."""
    bounds, counts = buckets.bounds, buckets.counts
    rank = np.zeros(len(value))
    settled = np.zeros(len(value), dtype=np.bool_)
    below, floor = np.zeros(len(value)), 0.0 if bounds[0] > 0 else -np.inf
    for bound, count in zip(bounds, counts, strict=True):
        at_or_under = ~settled & (value <= floor)
        rank = np.where(at_or_under, below, rank)
        settled |= at_or_under
        within = ~settled & (value < bound)
        if np.isneginf(floor):
            part = count
        elif np.isposinf(bound):
            part = below
        else:
            part = below + (count - below) * (value - floor) / (bound - floor)
        rank = np.where(within, part, rank)
        settled |= within
        below, floor = count, bound
    within_all: Floats = np.where(settled, rank, counts[-1])
    return np.asarray(np.minimum(within_all, counts[-1]))
