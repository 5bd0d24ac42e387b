"""What one request may cost, whatever it says."""

import asyncio
import tracemalloc
from typing import Any

from telemetry.collector import batches
from telemetry.collector.batches import Batches
from telemetry.collector.receive import Outcome, Receiver
from telemetry.ingest.attributes import MAX_RESOURCE, resource_of
from telemetry.ingest.quotas import Quotas
from telemetry.ingest.rows import EXEMPLAR_COLUMNS, LOG_COLUMNS, SPAN_COLUMNS
from telemetry.ingest.series import SeriesTable
from telemetry.ingest.values import Resource
from tests.telemetry.otlp import log_request, pairs, requests_total, span, trace_request

MEBIBYTE = 1 << 20


def receiver() -> Receiver:
    store: Any = None
    return Receiver(
        Batches(store, "otel_traces", SPAN_COLUMNS),
        Batches(store, "access_logs", LOG_COLUMNS),
        Batches(store, "exemplars", EXEMPLAR_COLUMNS),
        SeriesTable(),
    )


def many_rows_of_a_large_resource() -> tuple[bytes, bytes]:
    large = {f"k{i}": "\N{WHITE STAR}" * 4000 for i in range(128)}
    spans = [span() for _ in range(5000)]
    logs = log_request("x")
    group = logs.resource_logs[0]
    group.resource.attributes.extend(pairs(large))
    for _ in range(5000):
        group.scope_logs[0].log_records.add().body.string_value = "x"
    return trace_request(*spans, resource=large).SerializeToString(), logs.SerializeToString()


def test_a_small_body_does_not_become_gigabytes() -> None:
    traces, logs = many_rows_of_a_large_resource()
    receiving = receiver()
    tracemalloc.start()
    outcomes = [
        asyncio.run(receiving.traces(traces)).outcome,
        asyncio.run(receiving.logs(logs)).outcome,
    ]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcomes == [Outcome.LARGE, Outcome.LARGE]
    assert peak < 64 * MEBIBYTE


def test_a_full_queue_is_told_before_its_rows_are_made(monkeypatch: Any) -> None:
    monkeypatch.setattr(batches, "QUEUE_BYTES", 100)
    body = trace_request(span()).SerializeToString()
    assert asyncio.run(receiver().traces(body)).outcome is Outcome.FULL


def test_a_large_resource_keeps_its_names() -> None:
    large = {f"a{i}": "x" * 4000 for i in range(9)}
    given = pairs({**large, "service.name": "cart", "k8s.namespace.name": "shop"})
    kept = {f"a{i}": "x" * 4000 for i in range(4)}
    assert resource_of(given) == Resource(
        "cart",
        "shop",
        "cart",
        {
            "meshweb.sanitized": "size",
            "service.name": "cart",
            "k8s.namespace.name": "shop",
            **kept,
        },
    )
    assert sum(map(len, (*kept, *kept.values()))) < MAX_RESOURCE


def test_invented_senders_and_series_have_an_end() -> None:
    def told(table: SeriesTable, instance: str, **tags: str) -> int:
        receiving = receiver()
        receiving._table = table
        body = requests_total(1, instance=instance, tags=tags).SerializeToString()
        reply: Any = asyncio.run(receiving.metrics(body))
        return int(reply.message.partial_success.rejected_data_points)

    senders = SeriesTable(all_senders=2)
    assert [told(senders, name) for name in ("a", "b", "c", "a")] == [0, 0, 1, 0]
    series = SeriesTable(Quotas(all_series=2).share())
    assert [told(series, "a", code=code) for code in ("1", "2", "3", "1")] == [0, 0, 1, 0]
    assert told(SeriesTable(), "a", code="x" * 9000) == 1
    assert (senders.dropped, series.dropped) == (1, 1)


def test_what_is_forgotten_makes_room() -> None:
    table = SeriesTable(Quotas(all_series=1).share())
    receiving = receiver()
    receiving._table = table
    asyncio.run(receiving.metrics(requests_total(1, instance="a").SerializeToString()))
    table.load("a", {})
    table.published(list(table.increases()))
    _, _, series = table.samples(table.senders["a"].heard_at)
    table.stored(series, [s.values for s in series], table.senders["a"].heard_at)
    table.forget_silent(table.senders["a"].heard_at + 100)
    asyncio.run(receiving.metrics(requests_total(1, instance="b").SerializeToString()))
    assert (list(table.senders), len(table.senders["b"].series)) == (["b"], 1)
