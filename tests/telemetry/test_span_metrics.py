"""Spans add up to metrics: calls, errors and durations of each operation, with an exemplar."""

import time

from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint, NumberDataPoint

from telemetry.ingest.span_metrics import (
    BOUNDS_MS,
    FORGET_SECONDS,
    OTHERS,
    TOLD_SECONDS,
    SpanMetrics,
    Tally,
)
from telemetry.ingest.values import PointExemplar, PointKind, Resource, Span
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.stack import Stack, eventually
from tests.telemetry.test_collector import export


def made(
    name: str, milliseconds: float, *, service: str = "payments", status: str = "Unset"
) -> Span:
    return Span(
        start_ns=10**18,
        end_ns=10**18 + round(milliseconds * 1e6),
        trace_id=f"{milliseconds:032.0f}",
        span_id="01",
        parent_id="",
        trace_state="",
        name=name,
        kind="Server",
        resource=Resource(service, "shop", f"{service}-v1", {}),
        scope_name="",
        scope_version="",
        attributes={},
        status=status,
        message="",
    )


def tally(*spans: Span) -> Tally:
    found = Tally()
    for one in spans:
        found.add(one)
    return found


def names(metrics: SpanMetrics, now: float) -> dict[str, float]:
    """Calls by operation."""
    found = {}
    for told in metrics.points(now):
        for point in told.points:
            if point.kind is PointKind.COUNTER:
                attributes = NumberDataPoint.FromString(point.key).attributes
                labels = {a.key: a.value.string_value for a in attributes}
                found[labels["span_name"]] = point.values[0]
    return found


def test_an_operation_is_its_calls_and_a_histogram_with_its_slowest_span() -> None:
    metrics = SpanMetrics("collector-1")
    metrics.take(tally(made("GET /", 3), made("GET /", 7)), 100.0)
    metrics.take(tally(made("GET /", 5)), 101.0)
    (told,) = metrics.points(102.0)
    calls, durations = told.points
    assert told.instance == "collector-1/spans/shop/payments-v1/payments"
    assert (told.resource.service, told.resource.namespace) == ("payments", "shop")
    assert (calls.name, calls.values) == ("calls_total", (3,))
    attributes = HistogramDataPoint.FromString(durations.key).attributes
    assert {a.key: a.value.string_value for a in attributes} == {
        "service_name": "payments",
        "span_kind": "SPAN_KIND_SERVER",
        "span_name": "GET /",
        "status_code": "STATUS_CODE_UNSET",
    }
    buckets = tuple(int(bound in (4, 6, 8)) for bound in (*BOUNDS_MS, None))
    assert (durations.name, durations.bounds) == ("duration_milliseconds", BOUNDS_MS)
    assert durations.values == (3, 15.0, *buckets)
    slowest = {"trace_id": f"{7:032}", "span_id": "01"}
    assert durations.exemplars == (PointExemplar(10**18 + 7_000_000, 7.0, slowest),)
    (again,) = metrics.points(103.0)
    assert again.points[1].exemplars == ()


def test_errors_are_counted_by_themselves() -> None:
    metrics = SpanMetrics("c")
    metrics.take(tally(made("GET /", 3), made("GET /", 7, status="Error")), 100.0)
    (told,) = metrics.points(100.0)
    assert [point.values[0] for point in told.points if point.kind is PointKind.COUNTER] == [1, 1]


def test_operations_beyond_the_bound_are_counted_together() -> None:
    metrics = SpanMetrics("c", most=3)
    metrics.take(tally(*(made(f"GET /{i}", 1) for i in range(10))), 100.0)
    assert names(metrics, 100.0) == {"GET /0": 1, "GET /1": 1, "GET /2": 1, OTHERS: 7}


def test_services_beyond_the_bound_are_not_counted() -> None:
    metrics = SpanMetrics("c", most=2)
    metrics.take(tally(*(made("GET /", 1, service=f"s{i}") for i in range(5))), 100.0)
    assert len(list(metrics.points(100.0))) == 2


def test_a_silent_service_is_told_no_more_and_then_forgotten() -> None:
    metrics = SpanMetrics("c")
    metrics.take(tally(made("GET /", 1)), 100.0)
    assert list(metrics.points(101.0 + TOLD_SECONDS)) == []
    metrics.take(tally(made("GET /", 1)), 500.0)
    assert names(metrics, 500.0) == {"GET /": 2}
    assert list(metrics.points(501.0 + FORGET_SECONDS)) == []
    metrics.take(tally(made("GET /", 1)), 9000.0)
    assert names(metrics, 9000.0) == {"GET /": 1}


def test_spans_that_a_collector_took_are_series_with_exemplars(stack: Stack) -> None:
    stack.start_broker()
    store = stack.start_store()
    stack.start_collector()
    trace_id = b"\7" * 16
    spans = [
        span("GET /price", trace_id=trace_id, duration_ns=70_000_000, error=True),
        span("GET /price", duration_ns=3_000_000),
    ]
    export(stack, "trace", trace_request(*spans).SerializeToString())
    sql = (
        "SELECT labels['status_code'], labels['service_name'], labels['namespace'], v"
        " FROM {database}.samples INNER JOIN {database}.series USING id"
        " WHERE name = 'calls_total' AND labels['span_name'] = 'GET /price'"
        " ORDER BY t DESC, 1 LIMIT 2"
    )
    expected = [
        ("STATUS_CODE_ERROR", "payments", "shop", 1.0),
        ("STATUS_CODE_UNSET", "payments", "shop", 1.0),
    ]
    eventually(lambda: store.query(sql) == expected, 20)
    exemplars = (
        "SELECT e.labels, e.v, s.labels['le'] FROM {database}.exemplars AS e"
        " INNER JOIN {database}.series AS s USING id"
        " WHERE s.name = 'duration_milliseconds_bucket' AND e.v > 60"
    )
    eventually(lambda: len(store.query(exemplars)) == 1, 10)
    ((labels, value, bound),) = store.query(exemplars)
    assert (labels["trace_id"], value, bound) == (trace_id.hex(), 70.0, "100")
    ((moment,),) = store.query("SELECT max(t) FROM {database}.exemplars")
    assert moment <= time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 5))
    store.close()
