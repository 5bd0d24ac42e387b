"""Edge counts kept second by second, and their sums over the last seconds.

Sums of the windows in use are carried along: a step of one second adds the second that came in
and takes away the one that left, so a sum costs the same for 10 s as for 300 s.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey, EdgeSecond
from telemetry.totals import EdgeTotals

Counts = NDArray[np.int64]

REQUESTS, BYTES_SENT, BYTES_RECEIVED, OPENED, CLOSED, BUCKETS = range(6)
BUCKET_COUNT = len(DURATION_BOUNDS_MS) + 1
COLUMNS = BUCKETS + BUCKET_COUNT
"""A row is the first five counts, then one column per duration bucket."""

RECENT_SECONDS = 3
"""By then both ends of a request have reported it."""
LATENESS_SECONDS = 3
"""A window ends at the newest second it has, unless that is older than this."""
FUTURE_SECONDS = 5
"""A second further ahead comes from a wrong clock and is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over one window. Row i of `counts`, `recent` and `open_connections` belongs to `keys[i]`.

    `open_connections` is the newest level that collectors told, not a sum over seconds.
    `recent` holds the newest RECENT_SECONDS only. `seconds` is the span that the counts cover:
    shorter than the window while it fills, so that rates are right from the first second.
    """

    keys: Sequence[EdgeKey | None]
    counts: Counts
    recent: Counts
    open_connections: NDArray[np.int64]
    seconds: int

    @staticmethod
    def stored(told: EdgeTotals, seconds: int) -> "Totals":
        """Of counts that were summed elsewhere over so many seconds; both ends told everything."""
        counts = np.empty((len(told), COLUMNS), np.int64)
        counts[:, REQUESTS] = told.requests
        counts[:, BYTES_SENT] = told.column("bytes_sent") + told.column("response_bytes")
        counts[:, BYTES_RECEIVED] = told.column("bytes_received") + told.column("request_bytes")
        counts[:, OPENED] = told.column("connections_opened")
        counts[:, CLOSED] = told.column("connections_closed")
        counts[:, BUCKETS:] = told.duration_buckets
        return Totals(
            keys=told.edges,
            counts=counts,
            recent=np.zeros_like(counts),
            open_connections=np.zeros(len(told), np.int64),
            seconds=max(1, seconds),
        )


@dataclass(frozen=True, slots=True)
class _Rows:
    """What one message brought: `values[i]` belongs to row `index[i]`; no row twice.

    `levels` are the open connections it told, (row, level).
    """

    index: NDArray[np.int64]
    values: Counts
    levels: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Levels:
    """What one collector said last of open connections."""

    second: int
    levels: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Sum:
    """The sum of the seconds first..last."""

    first: int
    last: int
    counts: Counts


class Window:
    """The last `retention_seconds` at one second each, at most `max_rows` key-seconds of them.

    Beyond the bounds the oldest seconds go first, and new keys are refused and counted in
    `refused_keys` once there are `max_keys`. Not thread-safe; holds no clock: `now` is Unix
    seconds and never runs backwards far.
    """

    def __init__(
        self, retention_seconds: int = 600, max_rows: int = 1_000_000, max_keys: int = 50_000
    ) -> None:
        self._retention = retention_seconds
        self._max_rows = max_rows
        self._max_keys = max_keys
        self._rows: dict[EdgeKey, int] = {}
        self._keys: list[EdgeKey | None] = []
        self._free: list[int] = []
        self._seconds: dict[int, list[_Rows]] = {}
        self._row_count = 0
        self._sums: dict[int, _Sum] = {}
        self._levels: dict[str, _Levels] = {}
        self._last_seen = np.zeros(0, np.int64)
        self._newest = 0
        self._began: int | None = None
        self.refused_keys = 0

    def add(self, second: EdgeSecond, now: float) -> bool:
        """Take in one collector's second; True when it shows traffic of a key not held before."""
        oldest = int(now) - self._retention + 1
        if not oldest <= second.second <= int(now) + FUTURE_SECONDS:
            return False
        self._forget(oldest)  # first, so that what it frees can be used
        known = len(self._rows)
        rows = self._read(second.edges)
        fresh = len(self._rows) > known
        self._newest = max(self._newest, second.second)
        self._began = second.second if self._began is None else min(self._began, second.second)
        if len(rows.index):
            self._seconds.setdefault(second.second, []).append(rows)
            self._row_count += len(rows.index)
            self._note(rows, second.second)
        self._note_levels(second.collector, second.second, rows.levels)
        self._forget(oldest)
        return fresh

    def totals(self, now: float, seconds: int) -> Totals:
        """Sums over the `seconds` up to the newest one, which lags `now` by LATENESS at most."""
        last = min(max(self._newest, int(now) - LATENESS_SECONDS), int(now))
        counts = self._sum(last, seconds).copy()
        began = last if self._began is None else self._began
        return Totals(
            keys=tuple(self._keys),
            counts=counts,
            recent=self._sum(last, RECENT_SECONDS).copy(),
            open_connections=self._open_connections(int(now) - LATENESS_SECONDS),
            seconds=max(1, min(seconds, last - began + 1)),
        )

    def _open_connections(self, since: int) -> NDArray[np.int64]:
        """A collector that has not spoken since then is not counted: it ended, or all it knew of."""
        found = np.zeros(len(self._keys), np.int64)
        for told in self._levels.values():
            if told.second >= since:
                for row, level in told.levels:
                    found[row] += level
        return found

    def _read(self, edges: Iterable[tuple[EdgeKey, EdgeCount]]) -> _Rows:
        values: dict[int, list[int]] = {}
        levels: list[tuple[int, int]] = []
        for key, count in edges:
            row = self._row_of(key)
            if row is None:
                self.refused_keys += 1
                continue
            if count.connections_open:
                levels.append((row, count.connections_open))
            numbers = _numbers(count)
            before = values.get(row)
            values[row] = (
                [a + b for a, b in zip(before, numbers, strict=True)] if before else numbers
            )
        self._grow(len(self._keys))
        index = np.fromiter(values, np.int64, len(values))
        counts = np.array(list(values.values()), np.int64).reshape(-1, COLUMNS)
        return _Rows(index, counts, tuple(levels))

    def _row_of(self, key: EdgeKey) -> int | None:
        row = self._rows.get(key)
        if row is not None:
            return row
        if len(self._rows) >= self._max_keys:
            return None
        if self._free:
            row = self._free.pop()
            self._keys[row] = key
        else:
            row = len(self._keys)
            self._keys.append(key)
        self._rows[key] = row
        return row

    def _grow(self, rows: int) -> None:
        if rows <= len(self._last_seen):
            return
        room = max(64, 2 * rows)
        self._last_seen = _resized(self._last_seen, room)
        for held in self._sums.values():
            held.counts = _resized(held.counts, room)

    def _note(self, rows: _Rows, second: int) -> None:
        self._last_seen[rows.index] = np.maximum(self._last_seen[rows.index], second)
        for held in self._sums.values():
            if held.first <= second <= held.last:
                held.counts[rows.index] += rows.values

    def _note_levels(
        self, collector: str, second: int, levels: tuple[tuple[int, int], ...]
    ) -> None:
        before = self._levels.get(collector)
        if before is None or second >= before.second:
            self._levels[collector] = _Levels(second, levels)

    def _forget(self, oldest: int) -> None:
        while self._seconds:
            second = min(self._seconds)
            if second >= oldest and self._row_count <= self._max_rows:
                break
            for rows in self._seconds.pop(second):
                self._row_count -= len(rows.index)
                for held in self._sums.values():
                    if held.first <= second <= held.last:
                        held.counts[rows.index] -= rows.values
            self._began = max(self._began or 0, second + 1)
            self._release(min(self._seconds, default=second + 1))
        if self._began is not None:
            self._began = max(self._began, oldest)
        for collector in [name for name, told in self._levels.items() if told.second < oldest]:
            del self._levels[collector]

    def _release(self, oldest: int) -> None:
        """Free the rows that nothing refers to any more."""
        unused = np.flatnonzero(self._last_seen[: len(self._keys)] < oldest)
        for row in unused.tolist():
            key = self._keys[row]
            if key is not None:
                del self._rows[key]
                self._keys[row] = None
                self._free.append(row)

    def _sum(self, last: int, seconds: int) -> Counts:
        first = last - seconds + 1
        held = self._sums.get(seconds)
        if held is None or abs(last - held.last) >= seconds:
            held = _Sum(first, last, np.zeros((len(self._last_seen), COLUMNS), np.int64))
            self._apply(held.counts, range(first, last + 1), 1)
            self._sums[seconds] = held
        elif last >= held.last:
            self._apply(held.counts, range(held.last + 1, last + 1), 1)
            self._apply(held.counts, range(held.first, first), -1)
        else:  # the clock was set back a little
            self._apply(held.counts, range(last + 1, held.last + 1), -1)
            self._apply(held.counts, range(first, held.first), 1)
        held.first, held.last = first, last
        return held.counts[: len(self._keys)]

    def _apply(self, counts: Counts, seconds: range, sign: int) -> None:
        for second in seconds:
            for rows in self._seconds.get(second, ()):
                counts[rows.index] += sign * rows.values


def _numbers(count: EdgeCount) -> list[int]:
    buckets = count.duration_buckets or (0,) * BUCKET_COUNT
    return [
        count.requests,
        count.bytes_sent + count.response_bytes,
        count.bytes_received + count.request_bytes,
        count.connections_opened,
        count.connections_closed,
        *buckets,
    ]


def _resized(array: Counts, rows: int) -> Counts:
    larger = np.zeros((rows, *array.shape[1:]), np.int64)
    larger[: len(array)] = array
    return larger
