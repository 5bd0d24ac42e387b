"""How cumulative values become increases: nothing twice, nothing lost."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from telemetry.contracts import EdgeCount
from telemetry.ingest.decode import decode_points
from telemetry.ingest.quotas import Quotas
from telemetry.ingest.series import SeriesTable, Values, announcement, difference
from telemetry.ingest.values import Point, PointKind, Resource, ResourcePoints
from tests.telemetry.otlp import RESOURCE, pairs, requests_total

RESOURCE_OUT = Resource("payments", "shop", "payments-v2", RESOURCE)


def hear(
    table: SeriesTable, value: int, *, now: float = 0.0, instance: str = "uid-1", **tags: str
) -> None:
    received = decode_points(
        requests_total(value, instance=instance, tags=tags).SerializeToString()
    )
    assert isinstance(received, tuple)
    table.take(received[0], now)


def publish(table: SeriesTable) -> int:
    """Requests published now."""
    increases = list(table.increases())
    table.published(increases)
    return sum(count.requests for one in increases for _, count in one.counts)


def kept(table: SeriesTable) -> Mapping[str, Values]:
    """What the broker would hold."""
    return {
        s.field: s.published
        for sender in table.senders.values()
        for s in sender.series.values()
        if s.published
    }


def test_a_new_sender_counts_from_zero() -> None:
    table = SeriesTable()
    hear(table, 5)
    table.load("uid-1", {})
    assert [publish(table), publish(table)] == [5, 0]


def test_a_new_series_of_a_known_sender_counts_from_zero() -> None:
    table = SeriesTable()
    hear(table, 5)
    table.load("uid-1", {})
    publish(table)
    hear(table, 3, response_code="503")
    assert publish(table) == 3


def test_nothing_is_published_of_a_sender_whose_past_is_not_known_yet() -> None:
    table = SeriesTable()
    hear(table, 5)
    assert publish(table) == 0


def test_a_successor_goes_on_from_what_was_published() -> None:
    first, second = SeriesTable(), SeriesTable()
    hear(first, 5)
    first.load("uid-1", {})
    publish(first)
    hear(first, 8)  # never published
    hear(second, 9)
    second.load("uid-1", kept(first))
    assert publish(second) == 4


def test_without_a_known_past_an_old_senders_first_values_are_the_baseline() -> None:
    table = SeriesTable()
    hear(table, 500)
    table.load("uid-1", None)
    hear(table, 502)
    assert publish(table) == 2


def test_it_is_known_until_when_everything_was_public() -> None:
    def since(table: SeriesTable) -> list[float]:
        return [one.since for one in table.increases()]

    first, second = SeriesTable(), SeriesTable()
    hear(first, 5, now=10.0)
    first.load("uid-1", {})
    assert since(first) == [0.0]
    publish(first)
    hear(first, 5, now=12.0)
    assert since(first) == []
    hear(first, 6, now=13.0)
    assert since(first) == [12.0]
    hear(second, 6, now=20.0)
    second.load("uid-1", kept(first), covered_until=12.0)
    assert since(second) == [12.0]


def test_a_decrease_is_a_reset() -> None:
    table = SeriesTable()
    hear(table, 5)
    table.load("uid-1", {})
    publish(table)
    hear(table, 2)
    assert publish(table) == 2


def test_a_failed_publication_is_repeated_until_it_is_known() -> None:
    table = SeriesTable()
    hear(table, 5)
    table.load("uid-1", {})
    assert len(list(table.increases())) == 1
    table.unload()
    assert list(table.increases()) == []
    table.load("uid-1", {})
    assert publish(table) == 5


def test_pods_of_one_workload_are_summed_by_edge() -> None:
    table = SeriesTable()
    for instance in ("uid-1", "uid-2"):
        hear(table, 4, instance=instance, source_workload="storefront-v1")
        table.load(instance, {})
    counts = [count for one in table.increases() for _, count in one.counts]
    assert counts == [EdgeCount(requests=4), EdgeCount(requests=4)]


def hear_connections(
    table: SeriesTable, instance: str, opened: int, closed: int, now: float
) -> None:
    """Closed with a flag: connections are opened without."""
    for name, value, flags in (("opened", opened, "-"), ("closed", closed, "DC")):
        request = requests_total(value, instance=instance, tags={"response_flags": flags})
        metric = request.resource_metrics[0].scope_metrics[0].metrics[0]
        metric.name = f"istio.tcp_connections_{name}_total"
        received = decode_points(request.SerializeToString())
        assert isinstance(received, tuple)
        table.take(received[0], now)


def test_open_connections_are_those_of_the_pods_that_speak() -> None:
    table = SeriesTable()
    hear_connections(table, "uid-1", 5, 3, 100.0)
    hear_connections(table, "uid-2", 4, 0, 100.0)
    assert list(table.open_connections(101.0).values()) == [6]
    hear_connections(table, "uid-1", 5, 4, 110.0)
    assert list(table.open_connections(111.0).values()) == [1], "the other pod is gone"
    hear_connections(table, "uid-1", 5, 5, 112.0)
    assert table.open_connections(112.0) == {}


def test_only_what_changed_is_sampled_and_the_rest_every_half_minute() -> None:
    table = SeriesTable()

    def sampled(now: float) -> int:
        _, samples, series = table.samples(now)
        table.stored(series, [s.values for s in series], now)
        return len(samples)

    hear(table, 5, now=4000.0)
    assert [sampled(4000.0), sampled(4005.0)] == [1, 0]
    hear(table, 6, now=4010.0)
    assert sampled(4010.0) == 1
    hear(table, 6, now=4040.0)
    assert [sampled(4040.0), sampled(4041.0)] == [1, 0]


def test_a_namespace_has_a_quota_of_series() -> None:
    table = SeriesTable(Quotas(2).share())
    for code in ("200", "404", "503"):
        hear(table, 1, response_code=code)
    table.load("uid-1", {})
    assert (publish(table), table.dropped) == (2, 1)


def test_a_sender_that_went_silent_is_forgotten_only_when_all_of_it_is_public_and_stored() -> None:
    table = SeriesTable()
    hear(table, 5, now=100.0)
    table.forget_silent(1000.0)
    assert list(table.senders) == ["uid-1"]
    table.load("uid-1", {})
    publish(table)
    _, _, series = table.samples(101.0)
    table.stored(series, [s.values for s in series], 101.0)
    table.forget_silent(1000.0)
    assert table.senders == {}


def test_deltas_are_refused_for_a_lost_one_could_not_be_made_good() -> None:
    received = decode_points(requests_total(5, temporality=1).SerializeToString())
    assert isinstance(received, tuple)
    assert (received[0].points, received[0].refused) == ((), 1)


def test_a_histogram_of_another_shape_starts_anew() -> None:
    assert difference((3, 4.0, 1, 2), (1, 2.0)) == (3, 4.0, 1, 2)
    assert difference((3, 4.0), (1, 2.0)) == (2, 2.0)


def test_a_histogram_is_stored_as_its_buckets_sum_and_count() -> None:
    request = requests_total(0)
    metric = request.resource_metrics[0].scope_metrics[0].metrics[0]
    metric.name = "istio.request_duration_milliseconds"
    metric.histogram.aggregation_temporality = 2  # type: ignore[assignment]
    point = metric.histogram.data_points.add(
        count=6, sum=31.5, explicit_bounds=[0.5, 10], bucket_counts=[1, 2, 3]
    )
    point.attributes.extend(pairs({"reporter": "source", "le": "mine"}))
    received = decode_points(request.SerializeToString())
    assert isinstance(received, tuple)
    table = SeriesTable()
    table.take(received[0], 0.0)
    (series,), samples, _ = table.samples(10_000.0)
    rows = [orjson.loads(line) for line in announcement(series, 10_000)]
    values = {number: value for number, _, value in samples}
    assert [(name, labels.get("le"), values[number]) for number, name, labels, _ in rows] == [
        ("istio_request_duration_milliseconds_bucket", "0.5", 1),
        ("istio_request_duration_milliseconds_bucket", "10", 3),
        ("istio_request_duration_milliseconds_bucket", "+Inf", 6),
        ("istio_request_duration_milliseconds_sum", None, 31.5),
        ("istio_request_duration_milliseconds_count", None, 6),
    ]


def test_a_sender_none_of_whose_points_were_kept_is_forgotten_like_any_other() -> None:
    table = SeriesTable()
    received = decode_points(requests_total(5, temporality=1).SerializeToString())
    assert isinstance(received, tuple)
    table.take(received[0], 0.0)
    table.forget_silent(100.0)
    assert table.senders == {}


def of_kind(name: str, **point: Any) -> ExportMetricsServiceRequest:
    """One cumulative histogram, or with `as_double` a sum."""
    request = requests_total(0)
    metric = request.resource_metrics[0].scope_metrics[0].metrics[0]
    metric.name = name
    metric.ClearField("sum")
    if "as_double" in point:
        metric.sum.is_monotonic = True
        metric.sum.aggregation_temporality = 2  # type: ignore[assignment]
        metric.sum.data_points.add(**point).attributes.extend(pairs({"reporter": "source"}))
    else:
        metric.histogram.aggregation_temporality = 2  # type: ignore[assignment]
        metric.histogram.data_points.add(**point).attributes.extend(pairs({"reporter": "source"}))
    return request


INFINITY = float("inf")
DURATION = "istio.request_duration_milliseconds"


@pytest.mark.parametrize(
    "request_",
    [
        of_kind("latency", count=1, sum=1.0, explicit_bounds=[1, 2]),
        of_kind("latency", count=1, sum=1.0, explicit_bounds=[1, 2], bucket_counts=[1]),
        of_kind("latency", count=1, sum=1.0, explicit_bounds=[1, INFINITY], bucket_counts=[1] * 3),
        of_kind("latency", count=1, sum=1.0, explicit_bounds=[float("nan")], bucket_counts=[1, 0]),
        of_kind("latency", count=1, sum=1.0, explicit_bounds=[2, 1], bucket_counts=[1, 0, 0]),
        of_kind("latency", explicit_bounds=range(257), bucket_counts=[0] * 258),
        of_kind("latency", count=1, sum=INFINITY, explicit_bounds=[1], bucket_counts=[1, 0]),
        of_kind("total", as_double=float("nan")),
        of_kind("istio.requests_total", as_double=float("nan")),
        of_kind("istio_tcp_sent_bytes_total", as_double=INFINITY),
        of_kind("istio_tcp_sent_bytes_total", as_double=1e300),
        of_kind("istio.tcp_connections_opened_total", as_double=-1.0),
        of_kind(DURATION, as_double=4.0),
        of_kind(DURATION, count=1, sum=float("nan"), explicit_bounds=[1], bucket_counts=[1, 0]),
        of_kind("istio.requests_total", count=1, sum=1.0),
    ],
)
def test_points_that_cannot_be_counted_are_refused(request_: ExportMetricsServiceRequest) -> None:
    received = decode_points(request_.SerializeToString())
    assert isinstance(received, tuple)
    assert (received[0].points, received[0].refused) == ((), 1)


def test_a_series_keeps_its_shape() -> None:
    table = SeriesTable()
    first = ResourcePoints("a", RESOURCE_OUT, (Point("x", PointKind.COUNTER, b"", (5,)),), 0)
    other = Point("x", PointKind.HISTOGRAM, b"", (1, 2.0))
    assert [table.take(first, 0.0), table.take(first._replace(points=(other,)), 1.0)] == [0, 1]
    _, samples, _ = table.samples(4000.0)
    assert [value for _, _, value in samples] == [5]
