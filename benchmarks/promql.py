"""The histogram query over 10k series: our engine on our store against the real Prometheus, in one run.

An hour at 15 s of 500 histograms with 20 buckets each. Both answer a whole range query out of their own
store: ours as the web process does (embedded ClickHouse over HTTP, then NumPy, then JSON), Prometheus
over HTTP. Beside it: the evaluation alone over samples in memory, and all of it computed in ClickHouse.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from metrics.api import encode
from metrics.promql import labels as label_sets
from metrics.promql.ast import Matcher
from metrics.promql.engine import Answer, Engine
from metrics.promql.labels import Labels
from metrics.promql.limits import Limits
from metrics.promql.selectors import accepted
from metrics.promql.series import Batch
from metrics.store.asking import Asking
from metrics.store.names import Names
from metrics.store.source import ClickHouseSource
from telemetry.retention import DAY, Retention
from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.metrics.prometheus import BINARY, TOOL, Sample, open_metrics, running
from tests.metrics.stored import put
from tests.telemetry.stack import Stack

QUERY = "histogram_quantile(0.99, sum by (le, destination) (rate(latency_bucket[5m])))"
HISTOGRAMS, BUCKETS, POINTS = 500, 20, 241
BEGIN, INTERVAL, STEP = 1_700_000_000_007, 15_000, 15_000
START, END = BEGIN + 300_000, BEGIN + 3_600_000
ROUNDS = 5
LIMITS = Limits(samples=500_000_000)
LONG = 10_000 * DAY
"""The samples are of 2023."""


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


def main() -> int:
    series = dict(counts())
    samples: dict[Labels, list[Sample]] = {
        labels: [(BEGIN + i * INTERVAL, value) for i, value in enumerate(values.tolist())]
        for labels, values in series.items()
    }
    with tempfile.TemporaryDirectory(prefix="meshweb-promql-") as home:
        stack = Stack(Path(home))
        try:
            store = filled(stack, samples)
            ours = _seconds(lambda: _answer(_stored(store)))
            cpu = _processor(lambda: _answer(_stored(store)), stack.processes["store"].pid)
            pushed = _seconds(lambda: _answer(_stored(store, pushed=True)))
            bytes_each = _bytes_a_sample(store)
            store.close()
        finally:
            stack.stop()
    bare = _seconds(lambda: _answer(_in_memory(series)))
    print(f"ours        {ours * 1000:8.0f} ms  ({len(series)} series, {POINTS} samples each)")
    print(f"  computed in ClickHouse {pushed * 1000:.0f} ms, evaluation alone {bare * 1000:.0f} ms")
    print(f"  on disk {bytes_each:.2f} bytes a sample (at most 2)")
    if not (BINARY and TOOL):
        print("prometheus  not installed: no ratio")
        return 0 if bytes_each <= 2 else 1
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home), open_metrics(samples)) as server,
    ):

        def asked() -> object:
            return server.range(QUERY, START / 1000, END / 1000, STEP / 1000)

        theirs, their_cpu = _seconds(asked), _processor(asked, server.pid)
    print(f"prometheus  {theirs * 1000:8.0f} ms")
    print(
        f"ratio       {ours / theirs:8.2f}     (at most 1; of processor time {cpu / their_cpu:.2f})"
    )
    return 0 if ours <= theirs and bytes_each <= 2 else 1


def filled(stack: Stack, samples: dict[Labels, list[Sample]]) -> Store:
    store = stack.start_store()
    migrate(store, retention=Retention(metrics=LONG, spans=LONG))
    for first in range(0, POINTS, 20):  # as they would come in, a few minutes at a time
        some = {labels: values[first : first + 20] for labels, values in samples.items()}
        put(store, some, f"part-{first}")
    return store


def _bytes_a_sample(store: Store) -> float:
    """After the merges of the first seconds."""
    store.execute("OPTIMIZE TABLE {database}.samples")
    ((on_disk,),) = store.query(
        "SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts"
        " WHERE database = {db:String} AND table = 'samples' AND active",
        db=store.database,
    )
    return float(on_disk)


_names = Names()


def _stored(store: Store, *, pushed: bool = False) -> Engine:
    source = ClickHouseSource(asking=Asking(store=store), names=_names, limits=LIMITS)
    if pushed:
        source.pays = lambda _size, _plan: True
    return Engine(source=source, limits=LIMITS)


def _in_memory(series: dict[Labels, np.ndarray]) -> Engine:
    times = BEGIN + np.arange(POINTS, dtype=np.int64) * INTERVAL
    batch = Batch(
        tuple(series),
        np.arange(len(series) + 1, dtype=np.int64) * POINTS,
        np.tile(times, len(series)),
        np.concatenate(list(series.values())),
    )
    return Engine(source=Loaded(batch), limits=LIMITS)


def _answer(engine: Engine) -> None:
    answer = engine.range(QUERY, START, END, STEP)
    assert isinstance(answer, Answer), answer
    body, _ = encode.data(answer, ranged=True, limit=0)
    assert len(json.loads(body + b"}")["result"]) == 50


def _seconds(ask: Callable[[], object]) -> float:
    """Median of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def _processor(ask: Callable[[], object], *others: int) -> float:
    """Seconds of processor time that a round takes here and in the other processes: what else runs
    on the machine does not count."""
    began = time.process_time() + sum(map(_used, others))
    for _ in range(ROUNDS):
        ask()
    return (time.process_time() + sum(map(_used, others)) - began) / ROUNDS


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
