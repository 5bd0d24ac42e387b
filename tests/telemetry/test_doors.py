"""Bad input at every door: told what is wrong, bounded in memory and time, and the next sender is served."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import orjson
import pytest
from aiohttp import ClientSession

from telemetry.collector import batches, bodies, otlp_grpc, otlp_http
from telemetry.collector.access import Access
from telemetry.collector.jaeger import jaeger_route
from telemetry.collector.otlp_grpc import start_grpc
from telemetry.collector.otlp_http import otlp_routes, start_http
from telemetry.collector.remote_write import RemoteWrite, WriteTables
from telemetry.collector.zipkin import zipkin_route
from telemetry.ingest.quotas import Quotas
from telemetry.ingest.remote_write import Register
from telemetry.snappy import packed
from tests.telemetry.kept_rows import KeptRows, Receiving, receiving, running
from tests.telemetry.otlp import log_request, requests_total, span, trace_request
from tests.telemetry.prometheus_write import HEADERS as SNAPPY
from tests.telemetry.stack import free_port

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
THRIFT = {"Content-Type": "application/x-thrift"}
GZIP = {"Content-Encoding": "gzip"}
TRACE = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
SOUND = trace_request(span("GET /")).SerializeToString()
BOMB = gzip.compress(b"\0" * (64 << 20), 1)
DOORS = (
    ("/v1/traces", PROTOBUF),
    ("/v1/metrics", PROTOBUF),
    ("/v1/logs", PROTOBUF),
    ("/v1/traces", JSON),
    ("/api/v2/spans", JSON),
    ("/api/traces", THRIFT),
)


class Open(Receiving):
    """All doors of one collector whose store remembers rows."""

    port: int
    session: ClientSession

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, dict[str, str]]:  # fmt: skip
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.post(url, data=io.BytesIO(body), headers=headers) as answer:
            return answer.status, await answer.text(errors="replace"), dict(answer.headers)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "FLUSH_SECONDS", 0.0)


@asynccontextmanager
async def opened() -> AsyncIterator[Open]:
    access = Access.of("127.0.0.1", "")
    async with running(Open(Quotas())) as made:
        tables = WriteTables.of(KeptRows())
        writing = [asyncio.create_task(one.run()) for one in tables.all()]
        made.port = free_port()
        routes = (
            *otlp_routes(made.receiver.signals(), access),
            zipkin_route(made.receiver, access),
            jaeger_route(made.receiver, access),
            RemoteWrite(tables, Register(), access).route(),
        )
        runner = await start_http("127.0.0.1", made.port, routes)
        async with ClientSession() as made.session:
            try:
                yield made
            finally:
                await runner.cleanup()
                for task in writing:
                    task.cancel()


@pytest.mark.parametrize(("path", "headers"), DOORS)
async def test_http_doors_refuse_what_they_cannot_read(path: str, headers: dict[str, str]) -> None:
    async with opened() as made:
        garbage = b"\xff\xfe<script>" * 3
        answers = {
            "garbage": await made.post(path, garbage, headers),
            "cut gzip": await made.post(path, gzip.compress(SOUND)[:-9], {**headers, **GZIP}),
            "no gzip": await made.post(path, SOUND, {**headers, **GZIP}),
            "bomb": await made.post(path, BOMB, {**headers, **GZIP}),
            "other encoding": await made.post(path, SOUND, {**headers, "Content-Encoding": "br"}),
            "other type": await made.post(path, SOUND, {"Content-Type": "text/html"}),
            "too large": await made.post(path, b"\0" * (9 << 20), headers),
        }
        assert {what: status for what, (status, _, _) in answers.items()} == {
            "garbage": 400,
            "cut gzip": 400,
            "no gzip": 400,
            "bomb": 413,
            "other encoding": 415,
            "other type": 415,
            "too large": 413,
        }
        assert "text/html" not in {kind["Content-Type"] for _, _, kind in answers.values()}
        assert made.store.rows == []
        assert (await made.post("/v1/traces", SOUND, PROTOBUF))[0] == 200


async def test_remote_write_refuses_what_it_cannot_read() -> None:
    async with opened() as made:
        path = "/api/v1/write"
        claims_four_gigabytes = b"\xff\xff\xff\xff\x0f" + b"\0" * 100
        assert [
            (await made.post(path, body, headers))[0]
            for body, headers in (
                (b"\xff" * 50, SNAPPY),
                (claims_four_gigabytes, SNAPPY),
                (packed(b"\0" * (64 << 20)), SNAPPY),
                (packed(b"\xff" * 100), SNAPPY),
                (packed(b""), {**SNAPPY, "Content-Type": "text/plain"}),
                (b"", {**SNAPPY, "Content-Encoding": "gzip"}),
            )
        ] == [400, 413, 413, 400, 415, 415]


async def talk(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """What is answered until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), 30)
    except ConnectionError:
        return await reader.read()
    finally:
        writer.close()


HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"


async def test_a_body_that_does_not_come_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    async with opened() as made:
        answer = await talk(made.port, HEAD + b"Content-Length: 1000\r\n\r\nx")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert (await made.post("/v1/traces", SOUND, PROTOBUF))[0] == 200


async def test_chunks_without_end_are_refused_when_they_are_too_many() -> None:
    async with opened() as made:
        chunk = b"100000\r\n" + b"\0" * (1 << 20) + b"\r\n"
        answer = await talk(made.port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 12)
        assert answer.startswith(b"HTTP/1.1 413 ") or answer == b""  # closed while it still sent


async def test_many_bodies_at_once_wait_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "IN_HAND_BYTES", 50)
    async with opened() as made:
        status, _, headers = await made.post("/v1/traces", SOUND, PROTOBUF)
        assert (status, headers["Retry-After"]) == (429, "1")
        monkeypatch.setattr(bodies, "IN_HAND_BYTES", 1 << 20)
        assert (await made.post("/v1/traces", SOUND, PROTOBUF))[0] == 200


@pytest.mark.parametrize("sent", [b"", b"POST /v1/tra"])
async def test_a_connection_on_which_nobody_asks_is_closed(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(otlp_http, "KEEP_SECONDS", 0.3)
    async with opened() as made:
        assert await talk(made.port, sent) == b""


async def test_a_connection_may_ask_a_thousand_times() -> None:
    async with opened() as made:
        body = b"[]"
        one = b"POST /api/v2/spans HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        last = one + b"Connection: close\r\n\r\n" + body
        answer = await talk(made.port, (one + b"\r\n" + body) * 999 + last)
        assert answer.count(b"HTTP/1.1 202 ") == 1000


@asynccontextmanager
async def called() -> AsyncIterator[tuple[Receiving, grpc.aio.Channel]]:
    async with receiving() as made:
        address = f"127.0.0.1:{free_port()}"
        server = await start_grpc(made.receiver.signals(), address, Access.of("127.0.0.1", ""))
        try:
            async with grpc.aio.insecure_channel(address) as channel:
                yield made, channel
        finally:
            await server.stop(None)


async def test_grpc_refuses_what_it_cannot_read_and_what_is_too_large() -> None:
    async with called() as (made, channel):
        export = channel.unary_unary(TRACE, bytes, bytes)
        codes = []
        for body in (b"\xff\xfe", b"\0" * (9 << 20)):
            with pytest.raises(grpc.aio.AioRpcError) as refusal:
                await export(body)
            codes.append(refusal.value.code())
        assert codes == [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED]
        await export(SOUND)
        assert len(made.store.rows) == 1


async def test_grpc_calls_without_a_message_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_grpc, "BODY_SECONDS", 0.5)
    async with called() as (_, channel):
        silent: Any = channel.stream_unary(TRACE, bytes, bytes)
        calls = [silent() for _ in range(20)]
        await channel.unary_unary(TRACE, bytes, bytes)(SOUND)
        codes = {await call.code() for call in calls}
        assert codes == {grpc.StatusCode.DEADLINE_EXCEEDED}


SCRIPT = "<script>alert(1)</script>"


async def test_scripts_in_names_are_text_and_nothing_else() -> None:
    async with opened() as made:
        bad = trace_request(
            span(SCRIPT, attributes={SCRIPT: SCRIPT}),
            resource={"service.name": SCRIPT, "k8s.namespace.name": SCRIPT, SCRIPT: SCRIPT},
        )
        assert (await made.post("/v1/traces", bad.SerializeToString(), PROTOBUF))[0] == 200
        logs = log_request(SCRIPT).SerializeToString()
        assert (await made.post("/v1/logs", logs, PROTOBUF))[0] == 200
        rows = [orjson.loads(line) for line in made.store.rows]
        assert [row[5] for row in rows if len(row) > 12] == [SCRIPT]  # the span's name
        metrics = requests_total(1, tags={SCRIPT: SCRIPT}).SerializeToString()
        assert (await made.post("/v1/metrics", metrics, PROTOBUF))[0] == 200
        (sender,) = made.table.senders.values()
        (series,) = sender.series.values()
        assert series.labels["_script_alert_1___script_"] == SCRIPT


async def test_duplicates_and_cycles_are_kept_as_they_came() -> None:
    async with opened() as made:
        trace, one, two = b"\1" * 16, b"\1" * 8, b"\2" * 8
        spans = [
            span("a", trace_id=trace, span_id=one, parent_id=two),
            span("b", trace_id=trace, span_id=two, parent_id=one),
            span("a", trace_id=trace, span_id=one, parent_id=two),
            span("self", trace_id=trace, span_id=b"\3" * 8, parent_id=b"\3" * 8),
        ]
        body = trace_request(*spans).SerializeToString()
        assert (await made.post("/v1/traces", body, PROTOBUF))[0] == 200
        rows = [orjson.loads(line) for line in made.store.rows]
        assert [(row[5], row[3]) for row in rows] == [
            ("a", two.hex()), ("b", one.hex()), ("a", two.hex()), ("self", ""),
        ]  # fmt: skip


async def test_spans_of_every_format_bear_the_marks_of_their_repairs() -> None:
    async with opened() as made:
        odd = span("x" * 5000, start_ns=5, attributes={f"k{i}": "v" * 9000 for i in range(200)})
        odd.end_time_unix_nano = 1
        await made.post("/v1/traces", trace_request(odd).SerializeToString(), PROTOBUF)
        zipkin = {"traceId": "ab" * 16, "id": "cd" * 8, "timestamp": 1, "duration": 1}
        assert (await made.post("/api/v2/spans", orjson.dumps([zipkin]), JSON))[0] == 202
        marks = [orjson.loads(line)[13]["meshweb.sanitized"] for line in made.store.rows]
        assert marks == ["time,duration,size", "name,time"]
