"""Series in memory: the source for tests and small data."""

from collections.abc import Iterable

import numpy as np

from metrics.promql.ast import Matcher
from metrics.promql.labels import Labels
from metrics.promql.selectors import accepted
from metrics.promql.series import Batch, Series


class Memory:
    """Samples by label set; later samples of the same time replace earlier ones."""

    def __init__(self) -> None:
        self._samples: dict[Labels, dict[int, float]] = {}
        self._series: dict[Labels, Series] = {}

    def add(self, labels: Labels, samples: Iterable[tuple[int, float]]) -> None:
        """(milliseconds, value), in any order."""
        self._samples.setdefault(labels, {}).update(samples)
        self._series.pop(labels, None)

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Batch:
        candidates = list(self._samples)
        chosen = accepted(matchers, candidates)
        found = [
            self._cut(one, after_ms, until_ms)
            for one, wanted in zip(candidates, chosen, strict=True)
            if wanted
        ]
        return Batch.of([series for series in found if len(series.times)])

    def _cut(self, labels: Labels, after_ms: int, until_ms: int) -> Series:
        whole = self._series.get(labels)
        if whole is None:
            samples = sorted(self._samples[labels].items())
            times = np.array([time for time, _ in samples], dtype=np.int64)
            values = np.array([value for _, value in samples], dtype=np.float64)
            whole = self._series[labels] = Series(labels, times, values)
        low = int(np.searchsorted(whole.times, after_ms, "right"))
        high = int(np.searchsorted(whole.times, until_ms, "right"))
        return Series(labels, whole.times[low:high], whole.values[low:high])
