"""Who may send to the collector."""

import asyncio
from typing import Any

import aiohttp
import grpc
import grpc.aio
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from telemetry.collector import access
from telemetry.collector.__main__ import main
from telemetry.collector.access import Access, TokenMissing, grpc_address
from telemetry.collector.config import VARIABLE, Config
from telemetry.collector.otlp_grpc import start_grpc
from telemetry.collector.otlp_http import otlp_routes, start_http
from telemetry.collector.receive import Outcome, Reply, Signal
from tests.telemetry.stack import free_port


@pytest.mark.parametrize(
    ("address", "authorization", "allowed"),
    [
        ("127.0.0.1", "", True),
        ("127.66.3.4", "Bearer wrong", True),
        ("::1", "", True),
        ("::ffff:127.0.0.1", "", True),
        ("172.18.0.1", "", False),
        ("172.18.0.1", "Bearer secret", True),
        ("172.18.0.1", "bearer secret", True),
        ("172.18.0.1", "Bearer secrets", False),
        ("172.18.0.1", "Basic secret", False),
        ("172.18.0.1", "Bearer ", False),
        ("172.18.0.1", "Bearer \N{SNOWMAN}", False),
        ("::ffff:172.18.0.1", "", False),
        ("", "", False),
    ],
)
def test_this_host_is_heard_and_others_with_the_token(
    address: str, authorization: str, *, allowed: bool
) -> None:
    assert Access("secret").allows(address, authorization) is allowed


def test_without_a_token_nobody_else_is_heard() -> None:
    assert not Access("").allows("172.18.0.1", "Bearer ")


def test_an_address_that_others_reach_needs_a_token() -> None:
    assert [Access.of(bind, "") for bind in ("127.0.0.1", "::1", "localhost")] == [Access("")] * 3
    assert Access.of("0.0.0.0", "secret") == Access("secret")  # noqa: S104  nothing is opened
    for bind in ("0.0.0.0", "::", "collector.example.test"):  # noqa: S104  nothing is opened
        with pytest.raises(TokenMissing):
            Access.of(bind, "")


def test_grpc_names_its_peers() -> None:
    peers = ("ipv4:127.0.0.1:80", "ipv6:[::1]:80", "ipv6:%5B::1%5D:80", "unix:x")
    assert [grpc_address(peer) for peer in peers] == ["127.0.0.1", "::1", "::1", ""]


def test_a_collector_that_others_reach_does_not_start_without_a_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    config = Config(
        home=str(tmp_path),
        bind="0.0.0.0",  # noqa: S104  it does not come to that
        grpc_port=1,
        http_port=1,
        zipkin_port=1,
        jaeger_port=1,
        jaeger_agent_port=1,
        broker_url="",
        store_url="",
        store_port=1,
    )
    monkeypatch.setenv(VARIABLE, config.environment()[VARIABLE])
    assert main() == 1
    assert [record.getMessage() for record in caplog.records] == [
        "MESHWEB_INGEST_TOKEN must be set, for others than this host reach 0.0.0.0"
    ]


def test_senders_from_elsewhere_show_the_token_over_grpc_and_http(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """This host's addresses stand for others'."""
    monkeypatch.setattr(access, "is_loopback", lambda _address: False)
    taken: list[bytes] = []

    async def receive(body: bytes) -> Reply:
        taken.append(body)
        return Reply(outcome=Outcome.TAKEN, message=ExportTraceServiceResponse())

    signal = Signal("t.Traces", "/v1/traces", ExportTraceServiceRequest, receive)
    grpc_port, http_port = free_port(), free_port()

    async def over_grpc(*headers: tuple[str, str]) -> grpc.StatusCode:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
            method = channel.unary_unary("/t.Traces/Export", bytes, bytes)
            return await method(b"g", metadata=headers, timeout=5).code()

    async def over_http(**headers: str) -> int:
        headers["Content-Type"] = "application/x-protobuf"
        url = f"http://127.0.0.1:{http_port}/v1/traces"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=b"h", headers=headers) as answer,
        ):
            return answer.status

    async def outcomes() -> list[object]:
        guard = Access("secret")
        runner = await start_http("127.0.0.1", http_port, otlp_routes((signal,), guard))
        server = await start_grpc((signal,), f"127.0.0.1:{grpc_port}", guard)
        try:
            return [
                await over_grpc(),
                await over_grpc(("authorization", "Bearer wrong")),
                await over_grpc(("authorization", "Bearer secret")),
                await over_http(),
                await over_http(Authorization="Bearer wrong"),
                await over_http(Authorization="Bearer secret"),
            ]
        finally:
            await server.stop(None)
            await runner.cleanup()

    refused, ok = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.OK
    assert asyncio.run(outcomes()) == [refused, refused, ok, 401, 401, 200]
    assert taken == [b"g", b"h"]
