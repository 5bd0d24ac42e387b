"""Which rows belong together, by some of their labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from metrics.promql import labels as label_sets
from metrics.promql.labels import NAME, Labels
from metrics.promql.series import Integers


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows in groups, largest group first: `members[k]` are the k-th rows of the first groups."""

    labels: tuple[Labels, ...]
    rows: tuple[Integers, ...]

    def ranks(self) -> Iterator[Integers]:
        """The k-th row of every group that has one, in the groups' order."""
        longest = len(self.rows[0]) if self.rows else 0
        sizes = np.array([len(one) for one in self.rows])
        flat = np.concatenate(self.rows) if self.rows else np.zeros(0, dtype=np.int64)
        begin = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)[:-1]])
        for k in range(longest):
            yield flat[begin[: int(np.searchsorted(-sizes, -k, "left"))] + k]


def group(candidates: Sequence[Labels], names: Sequence[str], *, without: bool) -> Groups:
    found: dict[Labels, list[int]] = {}
    chosen = frozenset(names) | {NAME} if without else frozenset(names)
    cut = label_sets.drop if without else label_sets.keep
    for row, one in enumerate(candidates):
        found.setdefault(cut(one, chosen), []).append(row)
    ordered = sorted(found.items(), key=lambda item: -len(item[1]))
    return Groups(
        tuple(key for key, _ in ordered),
        tuple(np.array(rows, dtype=np.int64) for _, rows in ordered),
    )
