"""The histogram query over 10k series: our engine against the real Prometheus, in one run.

An hour at 15 s of 500 histograms with 20 buckets each. Ours is the evaluation alone, over samples in memory;
Prometheus reads its own store and answers over HTTP."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from metrics.promql import labels as label_sets
from metrics.promql.ast import Matcher
from metrics.promql.engine import Answer, Engine
from metrics.promql.labels import Labels
from metrics.promql.limits import Limits
from metrics.promql.selectors import accepted
from metrics.promql.series import Batch
from tests.metrics.prometheus import BINARY, TOOL, Sample, open_metrics, running

QUERY = "histogram_quantile(0.99, sum by (le, destination) (rate(latency_bucket[5m])))"
HISTOGRAMS, BUCKETS, POINTS = 500, 20, 241
BEGIN, INTERVAL, STEP = 1_700_000_000_007, 15_000, 15_000
START, END = BEGIN + 300_000, BEGIN + 3_600_000
ROUNDS = 5


class Loaded:
    """All series in one batch, as a store would hand them over."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Batch:
        del after_ms, until_ms
        assert accepted(matchers, self._batch.labels).all()
        return self._batch


def counts() -> Iterator[tuple[Labels, np.ndarray]]:
    chance = np.random.default_rng(7)
    for histogram in range(HISTOGRAMS):
        grown = np.cumsum(np.cumsum(chance.integers(0, 5, (POINTS, BUCKETS)), axis=1), axis=0)
        for bucket in range(BUCKETS):
            bound = "+Inf" if bucket == BUCKETS - 1 else f"{2.0 ** (bucket - 8):g}"
            labels = {
                "__name__": "latency_bucket",
                "le": bound,
                "pod": f"pod-{histogram}",
                "destination": f"service-{histogram % 50}",
            }
            yield label_sets.make(labels), grown[:, bucket].astype(np.float64)


def main() -> None:
    series = dict(counts())
    ours = _seconds(_ours(series))
    print(f"ours        {ours * 1000:8.0f} ms  ({len(series)} series, {POINTS} samples each)")
    if not (BINARY and TOOL):
        print("prometheus  not installed: no ratio")
        return
    random.seed(7)
    times = [BEGIN + i * INTERVAL for i in range(POINTS)]
    samples: dict[Labels, list[Sample]] = {
        labels: list(zip(times, values.tolist(), strict=True)) for labels, values in series.items()
    }
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home), open_metrics(samples)) as server,
    ):
        theirs = _seconds(lambda: server.range(QUERY, START / 1000, END / 1000, STEP / 1000))
    print(f"prometheus  {theirs * 1000:8.0f} ms")
    print(f"ratio       {ours / theirs:8.2f}     (at most 1)")


def _ours(series: dict[Labels, np.ndarray]) -> Callable[[], object]:
    times = BEGIN + np.arange(POINTS, dtype=np.int64) * INTERVAL
    batch = Batch(
        tuple(series),
        np.arange(len(series) + 1, dtype=np.int64) * POINTS,
        np.tile(times, len(series)),
        np.concatenate(list(series.values())),
    )
    engine = Engine(source=Loaded(batch), limits=Limits(samples=500_000_000))

    def ask() -> object:
        answer = engine.range(QUERY, START, END, STEP)
        assert isinstance(answer, Answer), answer
        return answer

    return ask


def _seconds(ask: Callable[[], object]) -> float:
    """Median of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
