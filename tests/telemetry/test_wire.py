"""A body is refused for what it would become before it becomes it."""

from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.ingest.decode import Malformed, decode_points, decode_spans, read_logs
from telemetry.ingest.json_form import protobuf_of_json
from telemetry.ingest.remote_write import Malformed as NoRequest
from telemetry.ingest.remote_write import Register
from telemetry.ingest.wire import MOST, SMALL, too_many
from telemetry.ingest.zipkin import spans_of_zipkin
from tests.telemetry.otlp import span, trace_request

EMPTY = b"\x12\x00" * (SMALL - 100)


def inside(field: int, content: bytes) -> bytes:
    """A length-delimited field."""
    size, left = bytearray(), len(content)
    while left > 0x7F:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([field << 3 | 2, *size, left]) + content


@pytest.mark.parametrize("decode", [decode_spans, read_logs, decode_points])
def test_millions_of_empty_messages_are_refused(decode: Any) -> None:
    found = decode(inside(1, inside(2, EMPTY)))
    assert found == Malformed(f"more than {MOST} messages in one request")


def test_a_span_of_a_million_empty_attributes_is_refused() -> None:
    attributes = b"\x4a\x00" * (SMALL - 100)
    assert isinstance(decode_spans(inside(1, inside(2, inside(2, attributes)))), Malformed)


def test_a_span_of_many_attributes_is_taken_and_cut() -> None:
    many = span(attributes={f"key-{i}": "value" for i in range(50_000)})
    body = trace_request(many).SerializeToString()
    assert len(body) > SMALL // 2
    found = decode_spans(body)
    assert not isinstance(found, Malformed)
    assert len(found[0].attributes) > 128  # the sanitizer cuts and marks it


def test_a_large_request_of_sound_spans_is_taken() -> None:
    some = [span(attributes={f"k{i}": "v" * 20 for i in range(12)}) for _ in range(4000)]
    body = trace_request(*some).SerializeToString()
    assert len(body) > SMALL
    assert not too_many(ExportTraceServiceRequest, body)


def test_what_is_cut_short_is_the_parsers_to_tell() -> None:
    body = trace_request(span()).SerializeToString() + b"\x0a\xff"
    assert isinstance(decode_spans(body), Malformed)
    assert isinstance(decode_spans(b"\x0a" + b"\xff" * (2 * SMALL)), Malformed)


def test_remote_write_of_empty_series_is_refused() -> None:
    with pytest.raises(NoRequest, match="more than"):
        Register().take(b"\x0a\x00" * SMALL, 0)


@pytest.mark.parametrize("document", [b"[" + b"{}," * 600_000 + b"{}]", b"[" * 600_000])
def test_json_of_very_many_values_is_refused(document: bytes) -> None:
    assert isinstance(spans_of_zipkin(document), Malformed)
    assert isinstance(protobuf_of_json(ExportTraceServiceRequest, document), Malformed)
