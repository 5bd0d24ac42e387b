"""What edges counted in a window, column by column: a mesh has tens of thousands of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey

BUCKETS = len(DURATION_BOUNDS_MS) + 1
_REST = (
    "request_bytes",
    "response_bytes",
    "connections_opened",
    "connections_closed",
    "bytes_sent",
    "bytes_received",
)
_FIRST_OF_REST = 1 + BUCKETS
_WIDTH = _FIRST_OF_REST + len(_REST)
_NO_BUCKETS = (0,) * BUCKETS
_rest = attrgetter(*_REST)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EdgeTotals:
    """Row i belongs to `edges[i]`; none is there twice. Iterating yields pairs of EdgeKey and EdgeCount.

    Columns of `counts`: requests, each bucket, then as EdgeCount has its fields from `request_bytes`
    on. No levels: what is open is known of now only.
    """

    edges: tuple[EdgeKey, ...]
    counts: NDArray[np.int64]
    durations_ms: NDArray[np.float64]

    @staticmethod
    def of(pairs: Iterable[tuple[EdgeKey, EdgeCount]]) -> "EdgeTotals":
        """Of counts told one by one; those of the same edge are summed."""
        told = tuple(pairs)
        rows = [
            (one.requests, *(one.duration_buckets or _NO_BUCKETS), *_rest(one)) for _, one in told
        ]
        return summed(
            [key for key, _ in told],
            np.array(rows, np.int64).reshape(-1, _WIDTH),
            np.array([one.duration_sum_ms for _, one in told], np.float64),
        )

    def __iter__(self) -> Iterator[tuple[EdgeKey, EdgeCount]]:
        rows = zip(self.edges, self.counts.tolist(), self.durations_ms.tolist(), strict=True)
        for key, row, duration_ms in rows:
            buckets = tuple(row[1:_FIRST_OF_REST])
            rest = dict(zip(_REST, row[_FIRST_OF_REST:], strict=True))
            yield (
                key,
                EdgeCount(
                    requests=row[0],
                    duration_sum_ms=duration_ms,
                    duration_buckets=buckets if any(buckets) else (),
                    **rest,
                ),
            )

    def __len__(self) -> int:
        return len(self.edges)

    def __add__(self, other: "EdgeTotals") -> "EdgeTotals":
        return summed(
            (*self.edges, *other.edges),
            np.concatenate([self.counts, other.counts]),
            np.concatenate([self.durations_ms, other.durations_ms]),
        )

    @property
    def requests(self) -> NDArray[np.int64]:
        return self.counts[:, 0]

    @property
    def duration_buckets(self) -> NDArray[np.int64]:
        return self.counts[:, 1:_FIRST_OF_REST]

    def column(self, name: str) -> NDArray[np.int64]:
        """One of those from `request_bytes` on."""
        return self.counts[:, _FIRST_OF_REST + _REST.index(name)]


def summed(
    keys: Sequence[EdgeKey], counts: NDArray[np.int64], durations_ms: NDArray[np.float64]
) -> EdgeTotals:
    """Rows of the same key become one."""
    places: Mapping[EdgeKey, int] = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    groups = np.array([places[key] for key in keys], np.int64)
    return by_group(tuple(places), groups, counts, durations_ms)


def by_group(
    keys: Sequence[EdgeKey],
    groups: NDArray[np.int64],
    counts: NDArray[np.int64],
    durations_ms: NDArray[np.float64],
) -> EdgeTotals:
    """Row i is part of `keys[groups[i]]`; in the order of the keys, without those of no row."""
    order = np.argsort(groups, kind="stable")
    present, starts = np.unique(groups[order], return_index=True)
    if not len(present):
        return EdgeTotals(
            edges=(), counts=np.zeros((0, _WIDTH), np.int64), durations_ms=np.zeros(0)
        )
    return EdgeTotals(
        edges=tuple([keys[one] for one in present.tolist()]),
        counts=np.add.reduceat(counts[order], starts),
        durations_ms=np.add.reduceat(durations_ms[order], starts),
    )
