"""Our engine and Debian's real Prometheus give the same numbers for the same samples.

Debian's is a Prometheus 2. Steps lie between samples and after the first full window, because 3 made windows
left-open and guesses a counter's zero only within half an interval before its first sample."""

import math
import random
from collections.abc import Iterator

import pytest

from metrics.promql import labels as label_sets
from metrics.promql.engine import Answer, Engine
from metrics.promql.errors import Failure
from metrics.promql.labels import Labels
from metrics.promql.memory import Memory
from metrics.promql.series import Grid, Scalar
from tests.metrics.prometheus import BINARY, TOOL, Prometheus, Sample, open_metrics, running

pytestmark = pytest.mark.skipif(
    not (BINARY and TOOL), reason="the Debian package prometheus is not installed"
)
BEGIN = 1_700_000_000_000
START, END, STEP = BEGIN + 607_003, BEGIN + 1_700_003, 47_000
COUNTER, GAUGE = "requests_total", "temperature"
RANGES = ("1m", "4m7s")
OVER_TIME = (
    "avg", "sum", "min", "max", "count", "stddev", "stdvar", "last", "present", "absent"
)  # fmt: skip
MATH = (
    "abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "sgn", "sin", "cos", "tan",
    "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "rad", "deg",
    "round", "timestamp", "absent", "scalar", "sort", "sort_desc",
)  # fmt: skip
DATES = (
    "minute", "hour", "month", "year", "day_of_month", "day_of_week", "day_of_year", "days_in_month"
)  # fmt: skip
"""Not of NaN, which Prometheus takes for a moment that depends on the processor."""
QUERIES = (
    *(
        f"{f}({COUNTER}[{r}])"
        for f in ("rate", "increase", "irate", "delta", "idelta", "resets", "changes", "deriv")
        for r in RANGES
    ),
    *(
        f"{f}({GAUGE}[{r}])"
        for f in ("delta", "idelta", "deriv", "changes", "resets")
        for r in RANGES
    ),
    *(f"{f}_over_time({GAUGE}[{r}])" for f in OVER_TIME for r in RANGES),
    *(f"quantile_over_time({q}, {GAUGE}[4m7s])" for q in (-1, 0, 0.3, 0.95, 1, 2)),
    *(f"{f}({GAUGE})" for f in MATH),
    *(f"{f}({COUNTER} * 86400)" for f in DATES),
    *(f"{f}({GAUGE})" for f in ("sum", "avg", "min", "max", "count", "stddev", "stdvar", "group")),
    *(
        f"{f} by (zone) ({GAUGE})"
        for f in ("sum", "avg", "min", "max", "count", "stddev", "stdvar")
    ),
    *(f"{f} without (zone) (rate({COUNTER}[4m7s]))" for f in ("sum", "avg", "max", "count")),
    *(f"{f}(2, {GAUGE})" for f in ("topk", "bottomk")),
    *(f"{f} by (zone) (1, {COUNTER})" for f in ("topk", "bottomk")),
    *(f"quantile by (zone) ({q}, {GAUGE})" for q in (-1, 0.1, 0.5, 0.99, 2)),
    *(
        f"{GAUGE} {op} 20"
        for op in ("+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">=")
    ),
    *(f"20 {op} {GAUGE}" for op in ("-", "/", "%", "^", "<", ">=")),
    *(f"{GAUGE} {op} bool 20" for op in ("==", "<", ">=")),
    *(f"{GAUGE} {op} on (host) {COUNTER}" for op in ("+", "/", ">", "and", "or", "unless")),
    *(f"{COUNTER} {op} ignoring (code) group_left {GAUGE}" for op in ("*", "/", "<")),
    f"sum by (host) ({COUNTER}) / on (host) group_right (zone) {GAUGE}",
    f"{COUNTER} / on (zone) group_left (nothing) sum by (zone) ({GAUGE})",
    *(
        f"histogram_quantile({q}, rate(latency_bucket[4m7s]))"
        for q in (-1, 0, 0.25, 0.5, 0.9, 0.99, 1, 2)
    ),
    "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[4m7s])))",
    "histogram_quantile(0.5, latency_bucket)",
    f"predict_linear({GAUGE}[4m7s], 600)",
    f"avg_over_time({GAUGE}[4m7s:20s])",
    f"max_over_time(rate({COUNTER}[1m])[4m7s:31s])",
    f"rate({COUNTER}[4m7s] offset 2m)",
    f"{GAUGE} offset -3m",
    f"{GAUGE} @ 1700000607.5",
    f"{GAUGE} @ start()",
    f"sum_over_time({GAUGE}[3m] @ end())",
    f"rate({COUNTER}[3m] @ 1700000607.5 offset 1m1s)",
    f"clamp({GAUGE}, 10, 25)",
    f"clamp_min({GAUGE}, 18)",
    f"clamp_max({GAUGE}, 18)",
    f"round({GAUGE}, 0.3)",
    f'label_replace({GAUGE}, "rack", "r-$1-${{1}}", "host", "h(.*)")',
    f'label_join({GAUGE}, "both", "/", "host", "zone")',
    f'count_values("value", floor({GAUGE} / 10))',
    f'{GAUGE}{{host=~"h[12]", zone!~"b.*", nothing=""}}',
    f'{{__name__=~"{GAUGE}|sparse", host!="h1"}}',
    "sparse",
    "rate(sparse[4m7s])",
    "absent(sparse)",
    f"-{GAUGE}",
    f"vector(time()) + scalar(sum({GAUGE}))",
    "time() % 60",
    "1 + 2 * 3 ^ 2 ^ 0.5",
    f"{GAUGE} > 15 and {GAUGE} < 30 or {GAUGE} == 0",
    f'sum(rate({COUNTER}{{code="500"}}[4m7s])) / sum(rate({COUNTER}[4m7s]))',
    f'{COUNTER} + {COUNTER}{{code="500"}}',
    f"{GAUGE} * on (zone) {GAUGE}",
)


def samples() -> dict[Labels, list[Sample]]:
    chance = random.Random(7)
    result: dict[Labels, list[Sample]] = {}
    times = [BEGIN + index * 15_000 + 7 for index in range(140)]
    for host in range(4):
        where = {"host": f"h{host}", "zone": "ab"[host % 2]}
        walk = [20.0]
        for _ in times[1:]:
            walk.append(walk[-1] + chance.gauss(0, 3))
        values = [math.nan if chance.random() < 0.02 else value for value in walk]
        _keep(result, {"__name__": GAUGE, **where}, zip(times, values, strict=True))
        for code in ("200", "500"):
            total, samples = 0.0, []
            for t in times:
                total = 0.0 if chance.random() < 0.02 else total + chance.randint(0, 30)
                samples.append((t + 11 * host, total))
            _keep(result, {"__name__": COUNTER, "code": code, **where}, iter(samples))
        counts = [0.0] * 5
        buckets: list[list[Sample]] = [[] for _ in counts]
        for t in times:
            for index in range(5):
                counts[index] += sum(chance.randint(0, 4) for _ in range(index + 1)) / (
                    index + 1
                ) + (5 if index == 4 else index)
                buckets[index].append((t, counts[index]))
        for bound, samples in zip(("0.1", "0.5", "1", "2.5", "+Inf"), buckets, strict=True):
            _keep(result, {"__name__": "latency_bucket", "le": bound, **where}, iter(samples))
    gaps = [(t, float(i)) for i, t in enumerate(times) if i % 40 < 12]
    _keep(result, {"__name__": "sparse", "host": "h1"}, iter(gaps))
    return result


def _keep(
    into: dict[Labels, list[Sample]], names: dict[str, str], samples: Iterator[Sample]
) -> None:
    into[label_sets.make(names)] = list(samples)


@pytest.fixture(scope="module")
def engine() -> Engine:
    memory = Memory()
    for labels, some in samples().items():
        memory.add(labels, some)
    return Engine(source=memory)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with running(tmp_path_factory.mktemp("prometheus"), open_metrics(samples())) as found:
        yield found


@pytest.mark.parametrize("query", QUERIES)
def test_a_range_query_gives_the_same_numbers(
    engine: Engine, prometheus: Prometheus, query: str
) -> None:
    theirs = prometheus.range(query, START / 1000, END / 1000, STEP / 1000)
    ours = engine.range(query, START, END, STEP)
    if isinstance(theirs, str):
        assert isinstance(ours, Failure), theirs
        return
    assert isinstance(ours, Answer), ours
    expected = {
        label_sets.make(series["metric"]): {
            round(t * 1000): float(value) for t, value in series["values"]
        }
        for series in theirs["result"]
    }
    got = points(ours)
    assert got.keys() == expected.keys()
    for labels, wanted in expected.items():
        assert got[labels] == pytest.approx(wanted, rel=1e-9, abs=1e-12, nan_ok=True), labels


def points(answer: Answer) -> dict[Labels, dict[int, float]]:
    times = answer.steps.times.tolist()
    if isinstance(answer.value, Scalar):
        return {(): dict(zip(times, answer.value.values.tolist(), strict=True))}
    assert isinstance(answer.value, Grid)
    return {
        labels: {t: float(v) for t, v, there in zip(times, values, present, strict=True) if there}
        for labels, values, present in zip(
            answer.value.labels, answer.value.values, answer.value.present, strict=True
        )
    }


@pytest.mark.parametrize(
    "query", [f"sort({GAUGE})", f"sort_desc({GAUGE})", f"topk(3, {GAUGE})", f"bottomk(3, {GAUGE})"]
)
def test_an_instant_query_gives_the_same_order(
    engine: Engine, prometheus: Prometheus, query: str
) -> None:
    theirs = prometheus.instant(query, START / 1000)
    ours = engine.instant(query, START)
    assert isinstance(ours, Answer)
    assert isinstance(ours.value, Grid)
    assert list(ours.value.labels) == [label_sets.make(one["metric"]) for one in theirs["result"]]


def test_enough_query_shapes_are_compared() -> None:
    assert len(set(QUERIES)) >= 130
