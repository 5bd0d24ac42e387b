"""Rates of services are the same figures, whether collectors counted them or the spans are counted."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.rows import SAMPLE_COLUMNS, SERIES_COLUMNS, SPAN_COLUMNS, span_row
from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.stack import Stack, empty_store, eventually
from tests.telemetry.test_collector import export
from tracing.performance import Performance, PerformancePoint, performance, rates

SECOND = 10**9
NOW = int(time.time()) // 60 * 60
ASKED = Performance(
    services=("payments",),
    start_ns=(NOW - 600) * SECOND,
    end_ns=NOW * SECOND,
    step_ns=20 * SECOND,
    window_ns=60 * SECOND,
    by_operation=True,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with empty_store(tmp_path) as found:
        migrate(found)
        yield found


def spans(store: Store, seconds: Iterable[int], name: str = "POST /pay", error: bool = False) -> None:  # fmt: skip
    """Just before these seconds (before now)."""
    made = [
        span(name, start_ns=(NOW - s) * SECOND - 10**6, duration_ns=10**5, error=error)
        for s in seconds
    ]
    request = trace_request(*made, resource={"service.name": "payments"})
    decoded = decode_spans(request.SerializeToString())
    assert isinstance(decoded, tuple)
    store.insert("otel_traces", SPAN_COLUMNS, map(span_row, decoded), token=str(time.time_ns()))


def series(
    store: Store,
    number: int,
    samples: dict[int, int],
    *,
    name: str = "POST /pay",
    status: str = "UNSET",
    instance: str = "collector-1/spans/shop/payments-v1/payments",
) -> None:
    """What a collector had counted at these seconds (before now); it samples a little later."""
    labels = {
        "service_name": "payments",
        "span_name": name,
        "span_kind": "SPAN_KIND_SERVER",
        "status_code": f"STATUS_CODE_{status}",
        "instance": instance,
    }
    row = (number, "calls_total", labels, NOW)
    store.insert("series", SERIES_COLUMNS, [row], token=f"series-{number}")
    rows = [(number, f"{NOW - s + 0.003:.3f}", float(v)) for s, v in samples.items()]
    store.insert("samples", SAMPLE_COLUMNS, rows, token=f"samples-{number}")


def without_latencies(points: Iterable[PerformancePoint]) -> tuple[PerformancePoint, ...]:
    return tuple(replace(point, latency_ns=0.0) for point in points)


def test_what_collectors_counted_is_what_counting_spans_gives(store: Store) -> None:
    spans(store, [400, 400, 395, 300, 30, 25, 10])
    spans(store, [390, 25], error=True)
    series(store, 1, {400: 2, 395: 3, 365: 3, 300: 4})
    series(store, 2, {30: 1, 25: 2, 10: 3}, instance="collector-2/spans/shop/p/payments")
    series(store, 3, {390: 1, 25: 2}, status="ERROR")
    for asked in (ASKED, replace(ASKED, by_operation=False)):
        counted = rates(store, asked)
        assert counted == without_latencies(performance(store, asked))
        assert all(point.latency_ns == 0 for point in counted)


def test_counts_outlive_the_spans(store: Store) -> None:
    series(store, 1, {800: 50, 400: 52, 395: 56})
    points = {NOW - p.time_ns // SECOND: p.calls * 60 for p in rates(store, ASKED)}
    assert points == {400: 2, 380: 6, 360: 6, 340: 4}


def test_a_counter_begins_anew(store: Store) -> None:
    """With another run of its collector, or after an hour in which nothing came."""
    series(store, 1, {4000: 50, 200: 60})
    series(store, 2, {500: 7, 495: 3})
    points = rates(store, replace(ASKED, window_ns=600 * SECOND, step_ns=60 * SECOND))
    assert round(points[-1].calls * 600) == 60 + 7 + 3


def test_operations_that_nobody_counted_are_counted_by_their_spans(store: Store) -> None:
    spans(store, [400])
    spans(store, [300], "GET /refund")
    series(store, 1, {400: 1})
    series(store, 2, {400: 9}, name="(others)")
    found = rates(store, ASKED)
    assert found == performance(store, ASKED)
    assert {point.operation for point in found} == {"POST /pay", "GET /refund"}


def test_spans_of_before_they_were_counted_are_counted(store: Store) -> None:
    spans(store, [500, 100])
    series(store, 1, {100: 1})
    assert rates(store, ASKED) == performance(store, ASKED)


def test_what_others_write_under_that_name_is_not_counted(store: Store) -> None:
    series(store, 1, {400: 5}, instance="otelcol-1")
    assert rates(store, ASKED) == ()


def test_a_step_of_a_second_is_finer_than_what_is_counted(store: Store) -> None:
    spans(store, [400])
    series(store, 1, {400: 1})
    asked = replace(ASKED, step_ns=SECOND, window_ns=10 * SECOND)
    assert rates(store, asked) == performance(store, asked)


def test_a_collector_counts_what_it_takes(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    try:
        stack.start_broker()
        store = stack.start_store()
        stack.start_collector()
        sent = [span("GET /price", error=error) for error in (False, False, True)]
        export(stack, "trace", trace_request(*sent).SerializeToString())

        def asked() -> Performance:
            end = time.time_ns() // (5 * SECOND) * 5 * SECOND
            return replace(ASKED, start_ns=end, end_ns=end, step_ns=5 * SECOND, kinds=())

        def counted() -> bool:
            eventually(lambda: bool(performance(store, asked())), 10)
            return all(point.latency_ns == 0 for point in rates(store, asked()))

        eventually(counted, 20)
        now = asked()
        assert rates(store, now) == without_latencies(performance(store, now))
        store.close()
    finally:
        stack.stop()
