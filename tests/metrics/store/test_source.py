"""What the store's source gives, and what ClickHouse computes, is what the engine makes of the same samples."""

import threading
from collections.abc import Callable

import pytest

from metrics.promql.ast import Matcher, MatchKind
from metrics.promql.engine import Answer, Engine
from metrics.promql.errors import Failure, Reason
from metrics.promql.labels import Labels
from metrics.promql.limits import Limits
from metrics.promql.memory import Memory
from metrics.promql.pushdown import AGGREGATIONS, FUNCTIONS, Plan
from metrics.promql.series import STALE, Grid
from metrics.store.asking import Asking
from metrics.store.names import Names
from metrics.store.source import ClickHouseSource, Size
from telemetry.store.client import Store
from tests.metrics.stored import put
from tests.metrics.test_against_prometheus import (
    COUNTER,
    END,
    GAUGE,
    QUERIES,
    START,
    STEP,
    points,
    samples,
)

NAMES = Names()


def everything() -> dict[Labels, list[tuple[int, float]]]:
    found = samples()
    gone = [(t, v if i % 9 else STALE) for i, (t, v) in enumerate(found[next(iter(found))])]
    found[("__name__", "going"), ("host", "h1")] = gone
    found[("__name__", "going"), ("host", "h2")] = gone[40:60]
    return found


@pytest.fixture(scope="module")
def memory() -> Engine:
    source = Memory()
    for labels, some in everything().items():
        source.add(labels, some)
    return Engine(source=source)


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    put(store, everything(), "samples")
    return store


def engine(
    store: Store,
    pays: Callable[[Size, Plan], bool] = lambda _size, _plan: False,
    limits: Limits | None = None,
) -> Engine:
    source = ClickHouseSource(
        asking=Asking(store=store), names=NAMES, limits=limits or Limits(), pays=pays
    )
    return Engine(source=source, limits=limits or Limits())


def compare(ours: Engine, theirs: Engine, query: str) -> None:
    got, expected = ours.range(query, START, END, STEP), theirs.range(query, START, END, STEP)
    if isinstance(expected, Failure):
        assert isinstance(got, Failure)
        assert (got.reason, got.message) == (expected.reason, expected.message)
        return
    assert isinstance(got, Answer), got
    assert set(got.annotations) == set(expected.annotations)
    found, wanted = points(got), points(expected)
    assert found.keys() == wanted.keys()
    for labels, values in wanted.items():
        assert found[labels] == pytest.approx(values, rel=1e-9, abs=1e-12, nan_ok=True), labels


ORDERED_BY_CHANCE = {f"topk by (zone) (1, {COUNTER})", f"{GAUGE} * on (zone) {GAUGE}"}
"""Equal values, and which of two duplicates is named."""


@pytest.mark.parametrize("query", [one for one in QUERIES if one not in ORDERED_BY_CHANCE])
def test_samples_out_of_the_store_give_the_same_numbers(
    filled: Store, memory: Engine, query: str
) -> None:
    compare(engine(filled), memory, query)


PUSHED = (
    *(f"{f}({m}[{r}])" for f in sorted(FUNCTIONS) for m in (COUNTER, GAUGE, "going", "sparse") for r in ("1m", "4m7s")),
    *(
        f"{a} {g} ({f}({m}[4m7s] offset 31s))"
        for a in sorted(AGGREGATIONS)
        for f in sorted(FUNCTIONS)
        for m in (COUNTER, GAUGE)
        for g in ("by (zone)", "without (host, zone)")
    ),
    *(f"{a}({m})" for a in sorted(AGGREGATIONS) for m in (COUNTER, GAUGE, "going", "sparse", "nothing")),
    f'sum by (__name__, zone) ({GAUGE}{{host=~"h[12]"}})',
    "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[4m7s])))",
)  # fmt: skip


@pytest.mark.parametrize("query", PUSHED)
def test_what_is_computed_in_the_store_is_the_same(
    filled: Store, memory: Engine, query: str
) -> None:
    asked: list[Plan] = []

    def pays(_size: Size, plan: Plan) -> bool:
        asked.append(plan)
        return True

    compare(engine(filled, pays), memory, query)
    assert asked


def test_large_answers_are_read_in_parts(
    filled: Store, memory: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metrics.store.source.PART_SAMPLES", 100)
    for query in (f"sum(rate({COUNTER}[4m7s]))", f"max by (zone) ({GAUGE})", f"{GAUGE}"):
        compare(engine(filled), memory, query)
        compare(engine(filled, lambda _size, _plan: True), memory, query)


def test_samples_sent_twice_count_once(filled: Store) -> None:
    twice: dict[Labels, list[tuple[int, float]]] = {
        (("__name__", "twice"),): [(START, 1.0), (START + 1000, 2.0)]
    }
    put(filled, twice, "once")
    put(filled, twice, "again")
    source = ClickHouseSource(asking=Asking(store=filled), names=NAMES)
    batch = source.select((Matcher(MatchKind.EQUAL, "__name__", "twice"),), 0, END)
    assert batch.times.tolist() == [START, START + 1000]
    assert batch.values.tolist() == [1.0, 2.0]
    assert batch.labels == ((("__name__", "twice"),),)


@pytest.mark.parametrize(
    ("limits", "limit"),
    [(Limits(samples=500), "samples"), (Limits(series=3), "series"), (Limits(steps=3), "steps")],
)
def test_too_much_is_refused_with_the_limit(filled: Store, limits: Limits, limit: str) -> None:
    answer = engine(filled, limits=limits).range(f"rate({COUNTER}[5m])", START, END, STEP)
    assert isinstance(answer, Failure)
    assert answer.limit == limit


def test_whoever_leaves_or_takes_too_long_ends_the_query(filled: Store) -> None:
    gone = threading.Event()
    gone.set()
    for asking, reason in (
        (Asking(store=filled, cancelled=gone.is_set), Reason.CANCELED),
        (Asking(store=filled, seconds=0), Reason.TIMEOUT),
    ):
        source = ClickHouseSource(asking=asking, names=NAMES)
        answer = Engine(source=source).instant(GAUGE, END)
        # the store may have answered before anybody looked
        assert isinstance(answer, Answer) or answer.reason is reason


@pytest.mark.parametrize("moment", [-(10**15), 10**15])
def test_times_that_the_store_cannot_hold_find_nothing(filled: Store, moment: int) -> None:
    answer = engine(filled).instant(f"sum(rate({COUNTER}[5m]))", moment)
    assert isinstance(answer, Answer)
    assert isinstance(answer.value, Grid)
    assert answer.value.labels == ()


def test_a_bad_expression_is_refused_with_its_position(filled: Store) -> None:
    answer = engine(filled).instant(f'1 + {GAUGE}{{host=~"a**"}}', END)
    assert isinstance(answer, Failure)
    assert (answer.reason, answer.position) == (Reason.BAD_DATA, 4)
