"""Limits, cancellation and the shape of answers."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.promql.engine import Answer, Engine
from metrics.promql.errors import Failure, Reason
from metrics.promql.evaluate import Options
from metrics.promql.labels import make
from metrics.promql.limits import Limits
from metrics.promql.memory import Memory
from metrics.promql.series import STALE, Grid, Scalar

MINUTE = 60_000


def _memory() -> Memory:
    memory = Memory()
    for host in range(10):
        labels = make({"__name__": "up_total", "host": str(host)})
        memory.add(labels, ((t * MINUTE, float(t * host % 7)) for t in range(60)))
    return memory


ENGINE = Engine(source=_memory())


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (Limits(samples=500), "samples"),
        (Limits(series=9), "series"),
        (Limits(steps=5), "steps"),
        (Limits(seconds=-1.0), "seconds"),
    ],
)
def test_a_query_over_a_limit_is_refused_by_the_limits_name(limits: Limits, limit: str) -> None:
    answer = replace(ENGINE, limits=limits).range("up_total", 0, 59 * MINUTE, MINUTE)
    assert isinstance(answer, Failure)
    assert answer.limit == limit


def test_a_subquery_cannot_have_any_number_of_steps() -> None:
    answer = ENGINE.instant("sum_over_time(vector(1)[100y:1ms])", 0)
    assert isinstance(answer, Failure)
    assert answer.limit == "subquery_steps"


def test_a_query_ends_when_its_asker_has_left() -> None:
    asked = iter([False, False, True])
    answer = ENGINE.instant("sum(rate(up_total[5m])) + sum(up_total)", 0, lambda: next(asked))
    assert answer == Failure(reason=Reason.CANCELED, message="query was canceled")


@pytest.mark.parametrize(
    ("start", "end", "step"), [(0, 10, 0), (0, 10, -1), (10, 0, 1), (0, 10**30, 10**29)]
)
def test_impossible_times_are_bad_data(start: int, end: int, step: int) -> None:
    answer = ENGINE.range("up_total", start, end, step)
    assert isinstance(answer, Failure)
    assert answer.reason is Reason.BAD_DATA


def test_only_numbers_can_be_drawn_over_a_range() -> None:
    for query in ('"text"', "up_total[5m]"):
        answer = ENGINE.range(query, 0, MINUTE, MINUTE)
        assert isinstance(answer, Failure)
        assert "must be Scalar or instant Vector" in answer.message


def test_the_names_of_rates_go_at_once_unless_told_otherwise() -> None:
    query = 'sum by (__name__) (rate(up_total{host="1"}[5m]))'
    at_once = ENGINE.instant(query, 10 * MINUTE)
    assert isinstance(at_once, Answer)
    assert isinstance(at_once.value, Grid)
    assert at_once.value.labels == ((),)
    late = replace(ENGINE, options=Options(delayed_names=True))
    answer = late.instant(
        'label_replace(rate(up_total{host="1"}[5m]), "n", "$1", "__name__", "(.*)")', 10 * MINUTE
    )
    assert isinstance(answer, Answer)
    assert isinstance(answer.value, Grid)
    assert answer.value.labels == ((("host", "1"), ("n", "up_total")),)


def test_a_stale_series_is_gone_until_its_next_sample() -> None:
    memory = Memory()
    memory.add(make({"__name__": "x"}), [(0, 1.0), (MINUTE, STALE), (3 * MINUTE, 2.0)])
    answer = Engine(source=memory).range("x", 0, 9 * MINUTE, MINUTE)
    assert isinstance(answer, Answer)
    assert isinstance(answer.value, Grid)
    assert answer.value.present[0].tolist() == [True, False, False, *[True] * 5, False, False]


@given(
    query=st.sampled_from(
        [
            "up_total", "rate(up_total[7m])", "sum by (host) (up_total)", "topk(3, up_total)",
            "max_over_time(up_total[9m:2m])", "up_total * on (host) up_total", "-up_total",
            "quantile_over_time(0.3, up_total[8m])", "time()", "up_total @ 600", "absent(up_total)",
            "up_total offset 3m", "deriv(up_total[6m])", "stddev(up_total)",
        ]
    ),
    start=st.integers(0, 40 * MINUTE),
    step=st.integers(1, 5 * MINUTE),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_a_range_query_is_the_instant_query_at_every_step(
    query: str, start: int, step: int
) -> None:
    ranged = ENGINE.range(query, start, start + 6 * step, step)
    assert isinstance(ranged, Answer)
    for index in range(7):
        once = ENGINE.instant(query, start + index * step)
        assert isinstance(once, Answer)
        assert _at(ranged, index) == pytest.approx(_at(once, 0), rel=1e-12, nan_ok=True)


def _at(answer: Answer, step: int) -> dict[object, float]:
    if isinstance(answer.value, Scalar):
        return {(): float(answer.value.values[step])}
    assert isinstance(answer.value, Grid)
    rows = zip(answer.value.labels, answer.value.values, answer.value.present, strict=True)
    return {labels: float(values[step]) for labels, values, there in rows if there[step]}


@pytest.mark.parametrize("function", ["increase", "avg_over_time", "quantile_over_time"])
def test_many_series_are_worked_on_in_parts_with_the_same_result(function: str) -> None:
    memory = Memory()
    for host in range(150):
        labels = make({"__name__": "x_total", "host": str(host)})
        memory.add(labels, ((t * 5000, float(t * (host + 3) % 101)) for t in range(500)))
    engine = Engine(source=memory)
    argument = "0.7, " if function.startswith("quantile") else ""
    whole = engine.range(f"{function}({argument}x_total[1m])", 0, 2_500_000, 1000)
    alone = engine.range(f'{function}({argument}x_total{{host="149"}}[1m])', 0, 2_500_000, 1000)
    assert isinstance(whole, Answer)
    assert isinstance(alone, Answer)
    for step in (0, 7, 100, 2500):
        key = (("host", "149"),)
        assert _at(whole, step).get(key) == _at(alone, step).get(key)
