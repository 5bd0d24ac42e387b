"""A span comes back from the store as it was sent."""

import time

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.rows import SPAN_COLUMNS, span_row
from telemetry.store.client import Store
from tests.telemetry.otlp import span, trace_request
from tracing import selectors
from tracing.contracts import Event, Link
from tracing.jaeger import otlp_json, ui_json

START = time.time_ns() - 3 * 3600 * 10**9


def test_events_links_and_types_come_back(shop: Store) -> None:
    trace_id = b"\x77" * 16
    one = span("whole", trace_id=trace_id, span_id=b"\x09" * 8, start_ns=START, error=True)
    one.status.message = "lost"
    one.attributes.append(KeyValue(key="n", value=AnyValue(int_value=2**60)))
    words = ArrayValue(values=[AnyValue(string_value="a"), AnyValue(int_value=1)])
    one.attributes.append(KeyValue(key="list", value=AnyValue(array_value=words)))
    event = one.events.add(name="sent", time_unix_nano=START + 5)
    event.attributes.append(KeyValue(key="blob", value=AnyValue(bytes_value=b"\1")))
    link = one.links.add(trace_id=trace_id, span_id=b"\x08" * 8, trace_state="a=b")
    link.attributes.append(KeyValue(key="why", value=AnyValue(string_value="retry")))
    spans = decode_spans(trace_request(one, resource={"service.name": "s"}).SerializeToString())
    assert isinstance(spans, tuple)
    shop.insert("otel_traces", SPAN_COLUMNS, map(span_row, spans), token="whole")

    (found,) = selectors.spans_of(shop, [trace_id.hex()])[trace_id.hex()]
    assert found.events == (Event(time_ns=START + 5, name="sent", attributes={"blob": "01"}),)
    assert found.links == (
        Link(trace_id="77" * 16, span_id="08" * 8, trace_state="a=b", attributes={"why": "retry"}),
    )
    back = otlp_json.traces_data([found])["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert back["attributes"] == [
        {"key": "n", "value": {"intValue": str(2**60)}},
        {
            "key": "list",
            "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}},
        },
    ]
    assert back["events"][0]["attributes"] == [{"key": "blob", "value": {"bytesValue": "AQ=="}}]
    assert back["status"] == {"message": "lost", "code": 2}
    shown = ui_json.trace("77" * 16, [found])["spans"][0]
    assert shown["tags"] == [
        {"key": "n", "type": "int64", "value": str(2**60)},
        {"key": "list", "type": "string", "value": '["a",1]'},
        {"key": "span.kind", "type": "string", "value": "server"},
        {"key": "otel.status_code", "type": "string", "value": "ERROR"},
        {"key": "error", "type": "bool", "value": True},
        {"key": "otel.status_description", "type": "string", "value": "lost"},
    ]
    assert shown["references"] == [
        {"refType": "FOLLOWS_FROM", "traceID": "77" * 16, "spanID": "08" * 8}
    ]
    assert shown["logs"] == [
        {
            "timestamp": (START + 5) // 1000,
            "fields": [
                {"key": "event", "type": "string", "value": "sent"},
                {"key": "blob", "type": "binary", "value": "AQ=="},
            ],
        }
    ]
