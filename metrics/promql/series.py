"""Samples as the engine holds them: flat NumPy arrays, times in milliseconds, NaN payload kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from metrics.promql.ast import Matcher
from metrics.promql.labels import Labels

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_Number = TypeVar("_Number", np.int64, np.float64)

STALE_BITS = 0x7FF0000000000002
"""Prometheus's staleness marker: a NaN with this payload."""
STALE = float(np.array([STALE_BITS], dtype=np.int64).view(np.float64)[0])


@dataclass(frozen=True, slots=True)
class Series:
    """One series: `times` ascending, `values` of the same length."""

    labels: Labels
    times: Integers
    values: Floats


@dataclass(frozen=True, slots=True)
class Batch:
    """Many series end to end: series i owns samples `starts[i]` to `starts[i + 1]`."""

    labels: tuple[Labels, ...]
    starts: Integers
    times: Integers
    values: Floats

    @staticmethod
    def of(series: Sequence[Series]) -> "Batch":
        lengths = np.array([len(one.times) for one in series], dtype=np.int64)
        return Batch(
            tuple(one.labels for one in series),
            np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)]),
            _joined([one.times for one in series], np.int64),
            _joined([one.values for one in series], np.float64),
        )

    def without_stale(self) -> "Batch":
        """As range selectors see it."""
        fresh = self.values.view(np.int64) != STALE_BITS
        if fresh.all():
            return self
        before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(fresh)])
        return Batch(self.labels, before[self.starts], self.times[fresh], self.values[fresh])


def _joined(parts: Sequence[npt.NDArray[_Number]], kind: type[_Number]) -> npt.NDArray[_Number]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


class Source(Protocol):
    """Where samples come from."""

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Batch:
        """Every series that all matchers accept, with at least its samples in (after, until].

        A series may be left out if it has no sample there. Labels are unique."""
        ...


@dataclass(frozen=True, slots=True)
class Steps:
    """The moments at which an expression is evaluated, in milliseconds."""

    start: int
    interval: int
    count: int

    @property
    def times(self) -> Integers:
        return self.start + np.arange(self.count, dtype=np.int64) * self.interval


@dataclass(frozen=True, slots=True)
class Span:
    """What the query asked for, in milliseconds: its last step may lie before its end."""

    start: int
    end: int
    step: int

    @property
    def steps(self) -> Steps:
        return Steps(self.start, self.step, (self.end - self.start) // (self.step or 1) + 1)


@dataclass(frozen=True, slots=True)
class Grid:
    """An instant vector at every step: row = series, column = step.

    `values` counts only where `present`. `nameless[i]`: row i's metric name goes away at the end
    (Prometheus's delayed name removal)."""

    labels: tuple[Labels, ...]
    values: Floats
    present: Booleans
    nameless: Booleans

    @staticmethod
    def empty(steps: int) -> "Grid":
        return Grid(
            (),
            np.zeros((0, steps)),
            np.zeros((0, steps), dtype=np.bool_),
            np.zeros(0, dtype=np.bool_),
        )

    def rows(self, chosen: Integers | Booleans) -> "Grid":
        indexes = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        return Grid(
            tuple(self.labels[i] for i in indexes),
            self.values[indexes],
            self.present[indexes],
            self.nameless[indexes],
        )

    def compact(self) -> "Grid":
        """Without rows that have no value at all."""
        alive: Booleans = np.asarray(self.present.any(axis=1))
        return self if alive.all() else self.rows(alive)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number at every step."""

    values: Floats


@dataclass(frozen=True, slots=True)
class String:
    value: str


Value = Grid | Scalar | String
