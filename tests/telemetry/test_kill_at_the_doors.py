"""A collector and a store that are killed while every door takes what comes: what was acknowledged is
in the store."""

import http.client
import os
import random
import threading
import time
from collections.abc import Callable, Mapping

import grpc
import orjson
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.protocol.TProtocol import TProtocolBase
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

from telemetry.store.client import Store
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.prometheus_write import HEADERS, body_of
from tests.telemetry.stack import Stack, eventually

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
REMOTE_WRITE = "Remote write"
FLUSH_SECONDS = 0.4
Send = Callable[[bytes], bool]
"""A span with this trace id, or a sample whose series has it; whether it was acknowledged."""


def test_every_door_keeps_what_it_acknowledged(running: Stack, kept: Store) -> None:
    acknowledged: dict[str, set[str]] = {name: set() for name in doors(running)}
    stop = threading.Event()
    senders = [
        threading.Thread(target=_keep_sending, args=(send, acknowledged[name], stop))
        for name, send in doors(running).items()
    ]
    for one in senders:
        one.start()
    try:
        _each_goes_on(acknowledged)
        for _ in range(2):
            time.sleep(random.uniform(0, FLUSH_SECONDS))
            running.kill("collector")
            running.start_collector()
            _each_goes_on(acknowledged)
        running.kill("store")
        running.start_store().close()
        _each_goes_on(acknowledged)
        running.kill("collector")
    finally:
        stop.set()
        for one in senders:
            one.join()
    traces = kept.query("SELECT DISTINCT TraceId FROM {database}.otel_traces")
    series = kept.query(
        "SELECT DISTINCT labels['trace'] FROM {database}.series"
        " WHERE id IN (SELECT id FROM {database}.samples)"
    )
    spans, samples = {row[0] for row in traces}, {row[0] for row in series}
    lost = {
        name: some - (samples if name == REMOTE_WRITE else spans)
        for name, some in acknowledged.items()
    }
    assert lost == {name: set() for name in acknowledged}


def _each_goes_on(acknowledged: Mapping[str, set[str]]) -> None:
    """Every door acknowledges two more."""
    before = {name: len(some) for name, some in acknowledged.items()}
    eventually(
        lambda: all(len(some) > before[name] + 1 for name, some in acknowledged.items()), 120
    )


def _keep_sending(send: Send, acknowledged: set[str], stop: threading.Event) -> None:
    while not stop.is_set():
        trace_id = os.urandom(16)
        try:
            if send(trace_id):
                acknowledged.add(trace_id.hex())
        except (OSError, http.client.HTTPException, grpc.RpcError):
            time.sleep(0.05)


def doors(stack: Stack) -> dict[str, Send]:
    protobuf, json, thrift = (
        {"Content-Type": f"application/{kind}"} for kind in ("x-protobuf", "json", "x-thrift")
    )
    return {
        REMOTE_WRITE: lambda trace_id: _posted(
            stack.http_port, "/api/v1/write", HEADERS, _as_sample(trace_id), 204
        ),
        "OTLP gRPC": lambda trace_id: _exported(stack, trace_id),
        "OTLP protobuf": lambda trace_id: _posted(
            stack.http_port, "/v1/traces", protobuf, _request(trace_id).SerializeToString(), 200
        ),
        "OTLP JSON": lambda trace_id: _posted(
            stack.http_port, "/v1/traces", json, _as_json(trace_id), 200
        ),
        "Zipkin": lambda trace_id: _posted(
            stack.zipkin_port, "/api/v2/spans", json, _as_zipkin(trace_id), 202
        ),
        "Jaeger Thrift": lambda trace_id: _posted(
            stack.jaeger_port, "/api/traces", thrift, _as_thrift(trace_id), 202
        ),
    }


def _request(trace_id: bytes) -> ExportTraceServiceRequest:
    return trace_request(span(trace_id=trace_id))


def _exported(stack: Stack, trace_id: bytes) -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{stack.grpc_port}") as channel:
        call = channel.unary_unary(EXPORT, bytes, bytes)
        call(_request(trace_id).SerializeToString(), timeout=20)
        return True


def _posted(port: int, path: str, headers: Mapping[str, str], body: bytes, taken: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status == taken
    finally:
        connection.close()


def _as_sample(trace_id: bytes) -> bytes:
    series = (("__name__", "taken"), ("trace", trace_id.hex()))
    return body_of({series: [(round(time.time() * 1000), 1.0)]})


def _as_json(trace_id: bytes) -> bytes:
    document = MessageToDict(_request(trace_id))
    (one,) = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    one["traceId"], one["spanId"] = trace_id.hex(), os.urandom(8).hex()
    return orjson.dumps(document)


def _as_zipkin(trace_id: bytes) -> bytes:
    moment = round(time.time() * 1_000_000)
    one = {"traceId": trace_id.hex(), "id": os.urandom(8).hex(), "timestamp": moment, "duration": 5}
    return orjson.dumps([one])


def _as_thrift(trace_id: bytes) -> bytes:
    """A `Batch` of one span, field by field."""
    buffer = TMemoryBuffer()
    protocol = TBinaryProtocolAccelerated(buffer)
    protocol.writeFieldBegin("process", TType.STRUCT, 1)
    protocol.writeFieldBegin("service", TType.STRING, 1)
    protocol.writeString("cart")
    protocol.writeFieldStop()
    protocol.writeFieldBegin("spans", TType.LIST, 2)
    protocol.writeListBegin(TType.STRUCT, 1)
    high, low = (int.from_bytes(part, "big", signed=True) for part in (trace_id[:8], trace_id[8:]))
    now = round(time.time() * 1_000_000)
    for number, value in ((1, low), (2, high), (3, 7), (8, now), (9, 5)):
        _whole(protocol, number, value)
    protocol.writeFieldStop()
    protocol.writeFieldStop()
    return bytes(buffer.getvalue())


def _whole(protocol: TProtocolBase, number: int, value: int) -> None:
    protocol.writeFieldBegin("", TType.I64, number)
    protocol.writeI64(value)
