"""A namespace over its quotas is told so, and its neighbours are untouched."""

import asyncio
from typing import Any

import orjson
import pytest

from telemetry.collector import batches
from telemetry.collector.batches import Batches, QueueFull
from telemetry.collector.receive import Outcome
from telemetry.ingest.quotas import OTHERS, Counted, Quotas, Toll
from telemetry.ingest.remote_write import Register
from telemetry.ingest.series import id_of_labels
from tests.telemetry.kept_rows import KeptRows, receiving
from tests.telemetry.otlp import RESOURCE, log_request, pairs, requests_total, span, trace_request
from tests.telemetry.prometheus_write import Samples, request_of

NOW = 1_700_000_000_000


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FLUSH_SECONDS", 0.0)


def spans_of(*namespaces: str) -> bytes:
    request = trace_request(span(), resource={**RESOURCE, "k8s.namespace.name": namespaces[0]})
    for name in namespaces[1:]:
        other = trace_request(span(), resource={**RESOURCE, "k8s.namespace.name": name})
        request.resource_spans.extend(other.resource_spans)
    return request.SerializeToString()


def overdrawn(*namespaces: str, series: int = 50_000) -> Quotas:
    """Of ten bytes a second; the clock stands still."""
    quotas = Quotas(series, rate=10, clock=lambda: 0.0)
    for name in namespaces:
        quotas.charge(name, 1000)
    return quotas


def test_bytes_are_a_bucket_that_fills_with_time() -> None:
    clock = [0.0]
    quotas = Quotas(rate=10, clock=lambda: clock[0])
    assert [quotas.spend("a", 60) for _ in range(3)] == [True, True, False]
    assert quotas.seconds_to_wait("a") == 3
    assert quotas.spend("b", 60)
    clock[0] = 3.0
    assert quotas.spend("a", 60)
    assert dict(quotas.counted()) == {
        "a": Counted(bytes=180, refused_bytes=60),
        "b": Counted(bytes=60),
    }


def test_a_quota_of_none_lets_all_through() -> None:
    quotas = Quotas(0, all_series=0, rate=0)
    assert quotas.share().take("a", 10**9)
    assert quotas.spend("a", 10**12)
    assert quotas.spend("a", 10**12)


def test_doors_share_a_namespaces_series_and_give_back_their_own() -> None:
    quotas = Quotas(3)
    one, two = quotas.share(), quotas.share()
    assert (one.take("a", 2), two.take("a", 2), two.take("a"), two.take("b", 3)) == (
        True, False, True, True,
    )  # fmt: skip
    one.clear()
    assert two.take("a", 2)
    two.give_back("a", 100)
    assert {name: one.series for name, one in quotas.counted().items()} == {"a": 0, "b": 3}


def test_invented_namespaces_share_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.ingest.quotas.MAX_NAMESPACES", 2)
    quotas = Quotas()
    for name in ("a", "b", "c", "d"):
        quotas.charge(name, 1)
    assert {name: one.bytes for name, one in quotas.counted().items()} == {"a": 1, "b": 1, OTHERS: 2}  # fmt: skip


def test_who_is_sent_away_pays_nothing() -> None:
    quotas = Quotas(rate=10, clock=lambda: 0.0)
    toll = Toll(quotas)
    assert toll.passes("a", 1000)
    assert quotas.may_send("a")
    toll.charge()
    assert not quotas.may_send("a")


async def test_spans_of_a_noisy_namespace_are_refused_and_its_neighbours_kept() -> None:
    async with receiving(overdrawn("noisy")) as made:
        reply: Any = await made.receiver.traces(spans_of("noisy", "quiet", "noisy"))
        assert reply.outcome is Outcome.TAKEN
        told = reply.message.partial_success
        assert (told.rejected_spans, told.error_message) == (
            2,
            "namespace 'noisy' sends more than 10 bytes a second",
        )
        assert [b'"quiet"' in row for row in made.store.rows] == [True]
        alone = await made.receiver.traces(spans_of("noisy"))
        assert (alone.outcome, alone.wait_seconds) == (Outcome.FULL, 91)


async def test_logs_of_a_noisy_namespace_are_refused() -> None:
    body = log_request("x").SerializeToString()
    async with receiving(overdrawn("shop")) as made:
        reply = await made.receiver.logs(body)
        assert (reply.outcome, reply.wait_seconds) == (Outcome.FULL, 91)
        assert made.store.rows == []


async def test_metrics_of_a_noisy_namespace_are_refused() -> None:
    async with receiving(overdrawn("shop")) as made:
        reply = await made.receiver.metrics(requests_total(1).SerializeToString())
        assert (reply.outcome, reply.wait_seconds) == (Outcome.FULL, 91)
        assert made.table.senders == {}


async def test_series_over_the_quota_are_told_with_the_reason() -> None:
    async with receiving(Quotas(1)) as made:
        for code, rejected in (("200", 0), ("500", 1)):
            body = requests_total(1, tags={"code": code}).SerializeToString()
            reply: Any = await made.receiver.metrics(body)
            assert reply.message.partial_success.rejected_data_points == rejected
        assert reply.message.partial_success.error_message == (
            "namespace 'shop' has its 1 series already, or is too large"
        )


def test_remote_write_of_a_noisy_namespace_waits_and_its_neighbours_are_kept() -> None:
    register = Register(overdrawn("noisy").share())

    def written(*namespaces: str) -> Any:
        series: dict[tuple[tuple[str, str], ...], Samples] = {
            (("__name__", "up"), ("namespace", one)): [(NOW, 1.0)] for one in namespaces
        }
        return register.take(request_of(series).SerializeToString(), NOW)

    alone, mixed = written("noisy"), written("noisy", "quiet")
    assert (alone.counted, alone.wait_seconds) == (0, 91)
    assert (mixed.counted, mixed.wait_seconds, mixed.why()) == (
        1,
        0,
        "1 refused: namespace 'noisy' sends more than 10 bytes a second",
    )


async def test_one_namespace_fills_half_of_the_queue_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "QUEUE_BYTES", 100)
    queue = Batches(KeptRows(), "t", ("a",))
    waiting = asyncio.create_task(queue.put(b"x" * 40, "noisy"))
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await queue.put(b"x" * 40, "noisy")
    other = asyncio.create_task(queue.put(b"x" * 40, "quiet"))
    running = asyncio.create_task(queue.run())
    await asyncio.gather(waiting, other)
    await queue.put(b"x" * 40, "noisy")
    running.cancel()


def with_exemplar(value: int, at_ns: int, trace_id: bytes) -> bytes:
    request = requests_total(value)
    group = request.resource_metrics[0].scope_metrics[0]
    one = (
        group.metrics[0]
        .sum.data_points[0]
        .exemplars.add(time_unix_nano=at_ns, as_double=0.25, trace_id=trace_id, span_id=b"\2" * 8)
    )
    one.filtered_attributes.extend(pairs({"user": "ann"}))
    histogram = group.metrics.add(name="latency").histogram
    histogram.aggregation_temporality = 2  # type: ignore[assignment]
    point = histogram.data_points.add(
        count=3, sum=4.0, bucket_counts=[1, 1, 1], explicit_bounds=[0.5, 1.0]
    )
    for seconds in (0.5, 0.7, 9.0, float("nan")):
        point.exemplars.add(time_unix_nano=at_ns, as_double=seconds, trace_id=trace_id)
    return bytes(request.SerializeToString())


async def test_exemplars_are_durable_with_the_answer_and_stored_once() -> None:
    labels = {
        "instance": "uid-1", "job": "payments", "namespace": "shop", "pod": "payments-v2-abc",
    }  # fmt: skip
    of = {
        id_of_labels(name, {**labels, **more}): f"{name} {more.get('le', '')}"
        for name, more in (
            ("istio_requests_total", {"reporter": "source"}),
            ("latency_bucket", {"le": "0.5"}),
            ("latency_bucket", {"le": "1"}),
            ("latency_bucket", {"le": "+Inf"}),
        )
    }
    at_ns = 1_700_000_000_000_000_000
    async with receiving() as made:
        body = with_exemplar(1, at_ns, b"\1" * 16)
        reply = await made.receiver.metrics(body)
        assert reply.outcome is Outcome.TAKEN
        rows = [row_of(line) for line in made.store.rows]
        assert [(of[number], value, labels) for number, _, value, labels in rows] == [
            ("istio_requests_total ", 0.25, {"user": "ann", "trace_id": "01" * 16, "span_id": "02" * 8}),
            ("latency_bucket 0.5", 0.5, {"trace_id": "01" * 16}),
            ("latency_bucket 1", 0.7, {"trace_id": "01" * 16}),
            ("latency_bucket +Inf", 9.0, {"trace_id": "01" * 16}),
        ]  # fmt: skip
        await made.receiver.metrics(body)
        assert len(made.store.rows) == 4
        await made.receiver.metrics(with_exemplar(2, at_ns + 1, b"\3" * 16))
        assert len(made.store.rows) == 8


def row_of(line: bytes) -> tuple[int, float, float, dict[str, str]]:

    number, at, value, labels = orjson.loads(line)
    return number, at, value, labels
