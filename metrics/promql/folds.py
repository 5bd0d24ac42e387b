"""Sums, means and variances added up as Prometheus does (Kahan with Neumaier's change), many at once.

A fold takes columns: the k-th member of the first n lanes, (n, values, taken); lanes are ordered so
that those with a k-th member come first. `taken` is False where a lane has no value there."""

from collections.abc import Iterable

import numpy as np

from metrics.promql.series import Booleans, Floats

Column = tuple[int, Floats, Booleans]


def kahan_step(increment: Floats, total: Floats, lost: Floats) -> tuple[Floats, Floats]:
    """The new sum and what rounding lost of it so far."""
    added = total + increment
    larger = np.abs(total) >= np.abs(increment)
    slip = np.where(larger, (total - added) + increment, (increment - added) + total)
    return added, np.where(np.isinf(added), 0.0, lost + slip)


def totals(columns: Iterable[Column], shape: tuple[int, ...]) -> Floats:
    total, lost = np.zeros(shape), np.zeros(shape)
    for n, values, taken in columns:
        total[:n], lost[:n] = kahan_step(np.where(taken, values, 0.0), total[:n], lost[:n])
    return np.where(np.isinf(total), total, total + lost)


def means(columns: Iterable[Column], shape: tuple[int, ...]) -> Floats:
    """The sum divided by the count; where the sum overflows, a mean kept as it goes."""
    total, lost = np.zeros(shape), np.zeros(shape)
    mean, count = np.zeros(shape), np.zeros(shape)
    running = np.zeros(shape, dtype=np.bool_)
    for n, values, taken in columns:
        count[:n] += taken
        seen = count[:n]
        added, slip = kahan_step(values, total[:n], lost[:n])
        fits = taken & ~running[:n] & (np.isfinite(added) | np.isnan(added) | (seen == 1))
        turning = taken & ~running[:n] & ~fits
        _turn(turning, (mean[:n], total[:n], lost[:n]), seen)
        running[:n] |= turning
        _advance_mean(taken & running[:n], values, seen, (mean[:n], lost[:n]))
        total[:n] = np.where(fits, added, total[:n])
        lost[:n] = np.where(fits, slip, lost[:n])
    shares = np.maximum(count, 1)
    return np.where(running, mean + lost, total / shares + lost / shares)


def _turn(turning: Booleans, state: tuple[Floats, Floats, Floats], seen: Floats) -> None:
    """From a sum to a running mean of the values before this one."""
    mean, total, lost = state
    before = np.maximum(seen - 1, 1)
    mean[...] = np.where(turning, total / before, mean)
    lost[...] = np.where(turning, lost / before, lost)


def _advance_mean(
    moving: Booleans, values: Floats, seen: Floats, state: tuple[Floats, Floats]
) -> None:
    if not moving.any():
        return
    mean, lost = state
    share = np.maximum(seen, 1)
    weight = (share - 1) / share
    added, slip = kahan_step(values / share, weight * mean, weight * lost)
    mean[...] = np.where(moving, added, mean)
    lost[...] = np.where(moving, slip, lost)


def variances(columns: Iterable[Column], shape: tuple[int, ...]) -> Floats:
    """Population variance (Welford); NaN once a value is NaN or infinite."""
    count = np.zeros(shape)
    mean, mean_lost = np.zeros(shape), np.zeros(shape)
    spread, spread_lost = np.zeros(shape), np.zeros(shape)
    for n, values, taken in columns:
        count[:n] += taken
        share = np.maximum(count[:n], 1)
        delta = np.where(taken, values - (mean[:n] + mean_lost[:n]), 0.0)
        mean[:n], mean_lost[:n] = kahan_step(delta / share, mean[:n], mean_lost[:n])
        grown = np.where(taken, delta * (values - (mean[:n] + mean_lost[:n])), 0.0)
        spread[:n], spread_lost[:n] = kahan_step(grown, spread[:n], spread_lost[:n])
    return (spread + spread_lost) / np.maximum(count, 1)


def largest(columns: Iterable[Column], shape: tuple[int, ...]) -> Floats:
    """NaN only where all values are."""
    result = np.full(shape, np.nan)
    for n, values, taken in columns:
        result[:n] = np.where(taken, np.fmax(result[:n], values), result[:n])
    return result


def smallest(columns: Iterable[Column], shape: tuple[int, ...]) -> Floats:
    result = np.full(shape, np.nan)
    for n, values, taken in columns:
        result[:n] = np.where(taken, np.fmin(result[:n], values), result[:n])
    return result
