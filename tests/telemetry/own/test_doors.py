"""Spans, logs and numbers at real doors: our collector's, a Jaeger's, one with TLS and headers."""

import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from demo.certificate import self_signed
from telemetry.own.config import Endpoint, OwnTelemetry, fault, headers_of, read
from telemetry.own.jaeger import JaegerDoor
from telemetry.own.otlp import OtlpDoor
from telemetry.own.outbox import Sent
from telemetry.own.records import otlp_record
from telemetry.own.redaction import Redaction
from telemetry.own.start import resource_of
from telemetry.store.client import Store
from tests.telemetry.own.test_records import a_line
from tests.telemetry.stack import Stack, eventually

RESOURCE = resource_of("meshweb-test", "here", 1)


class Kept(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


def some_spans(count: int = 2) -> list[ReadableSpan]:
    kept = Kept()
    provider = TracerProvider(resource=Resource(RESOURCE))
    provider.add_span_processor(kept)
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("outer", attributes={"meshweb.revision": 7}):
        for _ in range(count - 1):
            tracer.start_span("inner").end()
    return kept.spans


def names(kept: Store, service: str) -> list[str]:
    rows = kept.query(
        "SELECT SpanName FROM {database}.otel_traces WHERE ServiceName = {service:String} ORDER BY 1",
        service=service,
    )
    return [row[0] for row in rows]


def test_our_collector_takes_spans_and_logs(running: Stack, kept: Store) -> None:
    door = OtlpDoor(Endpoint(url=f"http://127.0.0.1:{running.http_port}"), RESOURCE)
    record: LogRecord = otlp_record(a_line("it went well"), Redaction())
    assert (door.traces(some_spans()), door.logs([record])) == (Sent.TAKEN, Sent.TAKEN)
    door.close()
    assert names(kept, "meshweb-test") == ["inner", "outer"]
    found = kept.query("SELECT Namespace, Workload, Severity, Body FROM {database}.access_logs")
    assert found == [("meshweb-system", "meshweb-test", "WARNING", "it went well")]


@pytest.mark.parametrize("scheme", ["http", "udp"])
def test_an_existing_jaeger_takes_spans_in_its_own_thrift(
    running: Stack, kept: Store, scheme: str
) -> None:
    service = f"meshweb-by-{scheme}"
    spans = some_spans(40)
    for span in spans:
        span._resource = Resource({**RESOURCE, "service.name": service})
    path = "/api/traces" if scheme == "http" else ""
    door = JaegerDoor(f"{scheme}://127.0.0.1:{running.jaeger_port}{path}")
    assert door.traces(spans) is Sent.TAKEN
    door.close()
    eventually(lambda: len(names(kept, service)) == 40)


def test_a_jaeger_that_is_away_is_away_and_comes_back(running: Stack) -> None:
    away = JaegerDoor("http://127.0.0.1:1/api/traces")
    assert [away.traces(some_spans()) for _ in range(2)] == [Sent.AWAY, Sent.AWAY]
    wrong = JaegerDoor(f"http://127.0.0.1:{running.http_port}/nothing/here")
    assert wrong.traces(some_spans()) is Sent.REFUSED
    wrong.close()


def test_what_nobody_listens_to_is_away_at_once() -> None:
    door = OtlpDoor(Endpoint(url="http://127.0.0.1:1"), RESOURCE)
    began = time.monotonic()
    assert door.metrics(b"") is Sent.AWAY
    assert time.monotonic() - began < 1


class Strict(BaseHTTPRequestHandler):
    """Asks for a header."""

    seen: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.path)
        self.send_response(200 if self.headers.get("x-key") == "open sesame" else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[tuple[int, Path, list[str]]]:
    pem = self_signed("localhost")
    certificate, both = tmp_path / "ca.pem", tmp_path / "both.pem"
    certificate.write_bytes(pem.certificate)
    both.write_bytes(pem.certificate + pem.key)
    seen: list[str] = []
    handler = type("Handler", (Strict,), {"seen": seen})
    server = HTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, certificate, seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_any_otlp_endpoint_with_tls_and_headers(strict: tuple[int, Path, list[str]]) -> None:
    port, certificate, seen = strict
    url = f"https://localhost:{port}/otlp/"
    headers = headers_of("X-Key=open%20sesame")
    right = Endpoint(url=url, headers=headers, authorities=str(certificate))
    locked = Endpoint(url=url, authorities=str(certificate))
    stranger = Endpoint(url=url, headers=headers)
    answers = []
    for endpoint in (right, locked, stranger):
        door = OtlpDoor(endpoint, RESOURCE)
        answers.append(door.metrics(b""))
        door.close()
    assert answers == [Sent.TAKEN, Sent.REFUSED, Sent.AWAY]
    assert seen == ["/otlp/v1/metrics", "/otlp/v1/metrics"]


def test_settings_say_where_it_goes() -> None:
    ours = read({}, collector="collector:4317", port_offset=100, token="t0ken")
    assert [(one.url, dict(one.headers)) for one in ours.endpoints] == [
        ("http://collector:4418", {"authorization": "Bearer t0ken"})
    ]
    more = read(
        {
            "MESHWEB_OWN_TELEMETRY": "off",
            "MESHWEB_OTLP_ENDPOINT": "https://otlp.example",
            "MESHWEB_OTLP_HEADERS": "api-key=secret",
            "MESHWEB_OWN_SAMPLING": "50",
        },
        collector="",
        port_offset=0,
        token="",
    )
    assert [one.url for one in more.endpoints] == ["https://otlp.example"]
    assert (more.sampling, "secret" in repr(more)) == (0.5, False)


@pytest.mark.parametrize(
    ("told", "named"),
    [
        (OwnTelemetry(endpoints=(Endpoint(url="collector:4318"),)), "MESHWEB_OTLP_ENDPOINT"),
        (OwnTelemetry(jaeger="jaeger:14268"), "MESHWEB_JAEGER_ENDPOINT"),
        (OwnTelemetry(sampling=2), "MESHWEB_OWN_SAMPLING"),
    ],
)
def test_what_is_set_wrongly_is_named(told: OwnTelemetry, named: str) -> None:
    assert named in fault(told)
