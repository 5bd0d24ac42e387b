"""Applications that speak Zipkin or Jaeger are taken as they are."""

import gzip
import importlib
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest.decode import Malformed
from telemetry.ingest.jaeger_thrift import spans_of_batch, spans_of_packet
from telemetry.ingest.values import Span
from telemetry.ingest.zipkin import spans_of_zipkin
from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.telemetry.stack import Stack, eventually
from tracing import selectors
from tracing.contracts import Event

NOW = time.time_ns() // 1000 * 1000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("f"))
    try:
        store = stack.start_store()
        migrate(store)
        store.close()
        stack.start_broker()
        stack.start_collector()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def store(stack: Stack) -> Iterator[Store]:
    found = stack.store()
    yield found
    found.close()


def post(url: str, body: bytes, kind: str, **headers: str) -> int:
    request = urllib.request.Request(  # noqa: S310  our own address
        url, data=body, headers={"Content-Type": kind, **headers}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  our own address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def exporter(**where: Any) -> Any:
    """The deprecated exporter on today's SDK: the names it asks for are put back first."""
    names: Any = importlib.import_module("opentelemetry.sdk.environment_variables")
    for word in ("AGENT_HOST", "AGENT_PORT", "AGENT_SPLIT_OVERSIZED_BATCHES", "CERTIFICATE",
                 "ENDPOINT", "GRPC_INSECURE", "PASSWORD", "TIMEOUT", "USER"):  # fmt: skip
        name = f"OTEL_EXPORTER_JAEGER_{word}"
        if not hasattr(names, name):
            setattr(names, name, name)
    return importlib.import_module("opentelemetry.exporter.jaeger.thrift").JaegerExporter(**where)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("by_udp", [True, False], ids=["udp", "http"])
def test_an_application_with_jaegers_exporter_works_as_it_is(
    stack: Stack, store: Store, by_udp: bool
) -> None:
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415

    where: dict[str, Any] = {"agent_host_name": "127.0.0.1", "agent_port": stack.jaeger_port}
    if not by_udp:
        url = f"http://127.0.0.1:{stack.jaeger_port}/api/traces?format=jaeger.thrift"
        where = {"collector_endpoint": url}
    provider = TracerProvider(resource=Resource.create({"service.name": "billing"}))
    sender = exporter(**where)
    provider.add_span_processor(SimpleSpanProcessor(sender))
    tracer = provider.get_tracer("billing.core", "2.1")
    with tracer.start_as_current_span("charge", kind=SpanKind.SERVER) as parent:
        parent.set_attribute("amount", 12.5)
        parent.set_attribute("retry", 3)
        parent.add_event("asked", {"bank": "b"})
        with tracer.start_as_current_span("pay", kind=SpanKind.CLIENT) as child:
            child.set_status(Status(StatusCode.ERROR, "no money"))
    provider.shutdown()
    if not by_udp:
        sender._collector_http_client.http_transport.close()  # it does not do so itself
    trace_id = f"{parent.get_span_context().trace_id:032x}"
    eventually(lambda: len(selectors.spans_of(store, [trace_id]).get(trace_id, ())) == 2)
    first, second = selectors.spans_of(store, [trace_id])[trace_id]
    assert (first.service, first.operation, first.kind, first.scope_name, first.scope_version) == (
        "billing",
        "charge",
        "server",
        "billing.core",
        "2.1",
    )
    assert first.attributes["amount"] == "12.5"
    assert (first.types["span.amount"], first.types["span.retry"]) == ("double", "int")
    assert [(e.name, e.attributes["bank"]) for e in first.events] == [("asked", "b")]
    assert (second.parent_id, second.kind, second.status, second.message) == (
        first.span_id,
        "client",
        "error",
        "no money",
    )


def zipkin_span(**more: Any) -> dict[str, Any]:
    return {
        "traceId": "00000000000000ab",
        "id": "00000000000000cd",
        "parentId": "00000000000000ef",
        "kind": "CLIENT",
        "name": "get /pay",
        "timestamp": NOW // 1000,
        "duration": 1500,
        "localEndpoint": {"serviceName": "front"},
        "remoteEndpoint": {"serviceName": "bank", "ipv4": "127.0.0.9", "port": 80},
        "annotations": [{"timestamp": NOW // 1000 + 5, "value": "sent"}],
        "tags": {"http.path": "/pay", "error": "broke"},
        **more,
    }


def test_zipkins_spans_are_taken(stack: Stack, store: Store) -> None:
    url = f"http://127.0.0.1:{stack.zipkin_port}/api/v2/spans"
    body = gzip.compress(orjson.dumps([zipkin_span()]))
    assert post(url, body, "application/json", **{"Content-Encoding": "gzip"}) == 202
    trace_id = "00000000000000ab".zfill(32)
    (found,) = selectors.spans_of(store, [trace_id])[trace_id]
    assert (found.service, found.operation, found.kind, found.parent_id, found.duration_ns) == (
        "front",
        "get /pay",
        "client",
        "00000000000000ef",
        1_500_000,
    )
    assert (found.status, found.message) == ("error", "broke")
    assert found.attributes == {
        "http.path": "/pay",
        "peer.service": "bank",
        "net.peer.ip": "127.0.0.9",
        "net.peer.port": "80",
    }
    assert found.events == (Event(time_ns=NOW + 5000, name="sent"),)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", "list"),
        (b"[1]", "[0]"),
        (b"[{", "JSON"),
        (orjson.dumps([zipkin_span(), zipkin_span(traceId="xyz")]), "[1].traceId"),
        (orjson.dumps([zipkin_span(id=5)]), "[0].id"),
        (orjson.dumps([zipkin_span(duration=-1)]), "[0].duration"),
        (orjson.dumps([zipkin_span(timestamp=1e300)]), "[0].timestamp"),
        (orjson.dumps([zipkin_span(tags=[1])]), "[0].tags"),
        (orjson.dumps([zipkin_span(localEndpoint="x")]), "[0].localEndpoint"),
    ],
)
def test_what_is_no_zipkin_is_refused_with_its_place(body: bytes, why: str) -> None:
    found = spans_of_zipkin(body)
    assert isinstance(found, Malformed)
    assert why in found.reason


def test_the_edges_refuse_what_they_do_not_know(stack: Stack) -> None:
    zipkin = f"http://127.0.0.1:{stack.zipkin_port}/api/v2/spans"
    jaeger = f"http://127.0.0.1:{stack.jaeger_port}/api/traces"
    assert post(zipkin, b"[]", "text/plain") == 415
    assert post(zipkin, b"[", "application/json") == 400
    assert post(jaeger, b"\xff" * 100, "application/x-thrift") == 400
    assert post(jaeger, b"{}", "application/json") == 415
    bomb = gzip.compress(b"\0" * (64 << 20))
    assert post(jaeger, bomb, "application/x-thrift", **{"Content-Encoding": "gzip"}) == 413
    assert post(zipkin, b"", "application/json") == 400


def thrift_list(number: int, kind: int, items: bytes, count: int) -> bytes:
    return struct.pack(">bhbi", 15, number, kind, count) + items


def test_references_are_a_parent_and_links() -> None:
    def reference(kind: int, low: int, span_id: int) -> bytes:
        return struct.pack(
            ">bhi bhq bhq bhq b", 8, 1, kind, 10, 2, low, 10, 3, 0, 10, 4, span_id, 0
        )

    references = reference(0, 7, 5) + reference(1, 7, 6) + reference(0, 9, 8)
    span = (
        struct.pack(">bhq bhq bhq", 10, 1, 7, 10, 3, 1, 10, 8, 1_000)
        + thrift_list(6, 12, references, 3)
        + b"\0"
    )
    (found,) = list(spans(spans_of_batch(thrift_list(2, 12, span, 1) + b"\0")))
    assert found.parent_id == f"{5:016x}"
    assert [(link.span_id, dict(link.attributes)) for link in found.links] == [
        (f"{6:016x}", {"opentracing.ref_type": "follows_from"}),
        (f"{8:016x}", {"opentracing.ref_type": "child_of"}),
    ]


def spans(found: Iterator[Span] | Malformed) -> Iterator[Span]:
    assert not isinstance(found, Malformed)
    return found


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (spans_of_batch, spans_of_packet, spans_of_zipkin):
        found = read(body)
        assert isinstance(found, Malformed) or isinstance(list(found), list)


def test_a_list_that_claims_to_be_endless_is_refused() -> None:
    claim = thrift_list(2, 12, b"", 2**31 - 1)
    assert isinstance(spans_of_batch(claim), Malformed)
    assert isinstance(spans_of_packet(b"\x82\x21\x00\x09emitBatch" + b"\x1c\x29\xfc" + b"\xff" * 5), Malformed)  # fmt: skip
