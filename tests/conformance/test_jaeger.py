"""Searches find what Jaeger's storages must find, and traces have Jaeger's shape."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.json_form import protobuf_of_json
from telemetry.ingest.rows import SPAN_COLUMNS, span_row
from telemetry.ingest.values import Span
from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.conformance.sets import BESIDE
from tests.telemetry.stack import Stack
from tracing import contracts as tracing
from tracing import selectors
from tracing.contracts import TraceQuery
from tracing.jaeger import otlp_json, ui_json
from tracing.jaeger.search import value_text, with_tags
from tracing.jaeger.transform import spans_of_otlp_json

QUERIES = BESIDE / "jaeger-queries"
SHAPES = BESIDE / "jaeger-api"
CASES = json.loads((QUERIES / "queries.json").read_text()) if QUERIES.exists() else []


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """All traces of the set; they are of 2017, so nothing may grow old here."""
    stack = Stack(tmp_path_factory.mktemp("j"))
    try:
        started = stack.start_store()
        migrate(started)
        for table in ("otel_traces", "trace_times", "span_services"):
            started.execute(f"ALTER TABLE {{database}}.{table} REMOVE TTL")
        for path in sorted((QUERIES / "traces").glob("*.json")):
            insert(started, path.read_text())
        yield started
        started.close()
    finally:
        stack.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["Caption"])
def test_a_search_finds_the_traces_that_jaeger_finds(store: Store, case: dict[str, Any]) -> None:
    query = case["Query"]
    tags = {key: value_text(value) for key, value in (query["Tags"] or {}).items()}
    found = selectors.search(
        store,
        TraceQuery(
            start_ns=nanoseconds(query["StartTimeMin"]),
            end_ns=nanoseconds(query["StartTimeMax"]) + 1,
            service=query["ServiceName"],
            operation=query["OperationName"],
            min_duration_ns=query["DurationMin"],
            max_duration_ns=query["DurationMax"],
            limit=query["NumTraces"],
            where=with_tags(tags),
        ),
    )
    assert {one.trace_id for one in found.traces} == {
        trace_id(QUERIES / "traces" / f"{name}.json") for name in case["ExpectedFixtures"]
    }


def test_a_trace_comes_back_as_it_was_sent(store: Store) -> None:
    """Grouping and what the store has no place for apart."""
    for path in sorted((QUERIES / "traces").glob("*.json")):
        sent = flat(json.loads(path.read_text()))
        (spans,) = selectors.spans_of(store, [trace_id(path)]).values()
        back = flat(otlp_json.traces_data(spans))
        assert sorted(map(str, back)) == sorted(map(str, sent)), path.stem


@pytest.mark.skipif(not SHAPES.exists(), reason="no conformance data")
def test_otlp_becomes_the_json_of_jaegers_interface() -> None:
    sent = (SHAPES / "otlp2jaeger" / "otlp2jaeger-in.json").read_text()
    wanted = json.loads((SHAPES / "otlp2jaeger" / "otlp2jaeger-out.json").read_text())
    assert ui_json.answer(ui_json.traces(transformed(sent))) == wanted


@pytest.mark.skipif(not SHAPES.exists(), reason="no conformance data")
@pytest.mark.parametrize("name", ["FindTraces", "GetTrace"])
def test_otlp_comes_back_as_api_v3_answers_it(name: str) -> None:
    wanted = json.loads((SHAPES / "apiv3" / f"{name}.json").read_text())
    spans = transformed(json.dumps(wanted["result"]))
    assert {"result": otlp_json.traces_data(spans)} == wanted


def flat(document: dict[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """(resource, scope, span) of every span, attributes by key."""
    for group in document["resourceSpans"]:
        for scoped in group["scopeSpans"]:
            for span in scoped["spans"]:
                yield ordered(group.get("resource", {})), ordered(scoped["scope"]), ordered(span)


def ordered(document: dict[str, Any]) -> Any:
    pairs = sorted(document.get("attributes", []), key=lambda pair: str(pair["key"]))
    return sorted({**document, "attributes": pairs}.items(), key=lambda item: item[0])


def trace_id(path: Path) -> str:
    group = json.loads(path.read_text())["resourceSpans"][0]
    return str(group["scopeSpans"][0]["spans"][0]["traceId"])


def insert(store: Store, text: str) -> None:
    rows = map(span_row, decoded(text))
    store.insert("otel_traces", SPAN_COLUMNS, rows, token=str(hash(text)))


def transformed(text: str) -> list[tracing.Span]:
    spans = spans_of_otlp_json(text.encode())
    assert isinstance(spans, list)
    return spans


def decoded(text: str) -> tuple[Span, ...]:
    body = protobuf_of_json(ExportTraceServiceRequest, text.encode())
    assert isinstance(body, bytes)
    spans = decode_spans(body)
    assert isinstance(spans, tuple)
    return spans


def nanoseconds(text: str) -> int:
    found = datetime.fromisoformat(text)
    return int(found.timestamp()) * 10**9 + found.microsecond * 1000
