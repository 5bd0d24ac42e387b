"""OTLP in, plain values out; what is wrong with them is put right and marked."""

import json
import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry.ingest.decode import Malformed, decode_points, decode_spans, read_logs
from telemetry.ingest.json_form import protobuf_of_json
from telemetry.ingest.values import Resource, Span
from telemetry.sanitize import MARK, sanitize
from tests.telemetry.otlp import RESOURCE, span, trace_request

NOW = time.time_ns()
RESOURCE_OUT = Resource("payments", "shop", "payments-v2", RESOURCE)


def decoded(request: ExportTraceServiceRequest) -> Span:
    spans = decode_spans(request.SerializeToString())
    assert isinstance(spans, tuple)
    return spans[0]


def test_a_span_becomes_words_and_hex() -> None:
    sent = span("GET /", trace_id=b"\1" * 16, span_id=b"\2" * 8, parent_id=b"\3" * 8, start_ns=NOW, attributes={"a": "b"}, error=True)  # fmt: skip
    assert decoded(trace_request(sent)) == Span(
        NOW, NOW + 5_000_000, "01" * 16, "02" * 8, "03" * 8, "", "GET /", "Server",
        RESOURCE_OUT, "", "", {"a": "b"}, "Error", "",
    )  # fmt: skip


def test_what_attributes_were_is_kept_beside_their_text() -> None:
    request = trace_request(span(start_ns=NOW))
    group = request.resource_spans[0]
    scope = group.scope_spans[0].scope
    one = group.scope_spans[0].spans[0]
    for where, key, value in (
        (group.resource.attributes, "port", AnyValue(int_value=80)),
        (scope.attributes, "beta", AnyValue(bool_value=True)),
        (one.attributes, "ratio", AnyValue(double_value=72.5)),
        (one.attributes, "word", AnyValue(string_value="")),
        (one.attributes, "nothing", AnyValue()),
        (one.events.add(name="sent").attributes, "blob", AnyValue(bytes_value=b"\1\2")),
        (one.links.add(trace_state="a=b").attributes, "n", AnyValue(int_value=0)),
    ):
        where.append(KeyValue(key=key, value=value))
    found = decoded(request)
    assert (found.attributes, found.scope_attributes) == (
        {"ratio": "72.5", "word": "", "nothing": ""},
        {"beta": "true"},
    )
    assert found.types == {
        "resource.port": "int", "scope.beta": "bool", "span.ratio": "double",
        "event0.blob": "bytes", "link0.n": "int",
    }  # fmt: skip
    assert (found.events[0].attributes, found.links[0].trace_state) == ({"blob": "0102"}, "a=b")
    sound = sanitize(found, NOW)
    assert sound is not None
    assert sound.types == found.types


def test_a_sound_span_is_left_alone() -> None:
    sound = decoded(trace_request(span(start_ns=NOW)))
    assert sanitize(sound, NOW) is sound


def test_an_end_before_the_start_is_no_length() -> None:
    mended = sanitize(decoded(trace_request(span(start_ns=NOW, duration_ns=-5))), NOW)
    assert mended is not None
    assert (mended.end_ns - mended.start_ns, mended.attributes) == (0, {MARK: "duration"})


def test_a_start_in_another_century_is_now() -> None:
    mended = sanitize(decoded(trace_request(span(start_ns=1, duration_ns=7))), NOW)
    assert mended is not None
    assert (mended.start_ns, mended.end_ns, mended.attributes) == (NOW, NOW + 7, {MARK: "time"})


def test_huge_attributes_are_cut() -> None:
    mended = sanitize(
        decoded(trace_request(span(start_ns=NOW, attributes={"a": "x" * 100_000}))), NOW
    )
    assert mended is not None
    assert mended.attributes == {"a": "x" * 4096, MARK: "size"}


def test_a_span_without_identity_is_dropped() -> None:
    assert sanitize(decoded(trace_request(span(trace_id=b"\0" * 16))), NOW) is None
    assert sanitize(decoded(trace_request(span(span_id=b"\1" * 3))), NOW) is None


def test_text_that_is_not_utf8_is_replaced_and_marked() -> None:
    body = trace_request(span("abcdef", start_ns=NOW)).SerializeToString()
    spans = decode_spans(body.replace(b"abcdef", b"ab\xff\xfeef"))
    assert isinstance(spans, tuple)
    assert (spans[0].name, spans[0].attributes) == (
        "ab\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}ef",
        {"meshweb.replaced_bytes": "true"},
    )


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    for decode in (decode_spans, decode_points):
        assert isinstance(decode(body), tuple | Malformed)
    records = read_logs(body)
    assert isinstance(records, Malformed) or all(records)


def nested(levels: int) -> object:
    value: object = {"stringValue": "x"}
    for _ in range(levels):
        value = {"arrayValue": {"values": [value]}}
    attributes = [{"key": "k", "value": value}]
    return {"resourceSpans": [{"resource": {"attributes": attributes}}]}


@given(st.recursive(st.none() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.sampled_from(["resourceSpans", "traceId", "scopeSpans", "spans"]), c)))  # fmt: skip
def test_no_json_raises(document: object) -> None:
    try:
        body = orjson.dumps(document)
    except TypeError:
        return
    assert isinstance(protobuf_of_json(ExportTraceServiceRequest, body), bytes | Malformed)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}, "traceId is not in hexadecimal: 'xyz'"),
        (nested(200), "nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_json_is_said_in_words(document: object, reason: str) -> None:
    body = json.dumps(document).encode()
    assert protobuf_of_json(ExportTraceServiceRequest, body) == Malformed(reason)
