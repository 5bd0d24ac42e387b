"""OTLP over gRPC."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration

from telemetry.collector.access import REFUSAL, Access, grpc_address
from telemetry.collector.bodies import BODY_SECONDS
from telemetry.collector.receive import Outcome, Receive, Reply, Signal

if TYPE_CHECKING:  # the stubs' classes are generic, the real ones are not
    Context = grpc.aio.ServicerContext[bytes, bytes]

MESSAGE_LIMIT = 8 << 20
CONCURRENT_REQUESTS = 256
_CODES = {
    Outcome.MALFORMED: grpc.StatusCode.INVALID_ARGUMENT,
    Outcome.LARGE: grpc.StatusCode.INVALID_ARGUMENT,
    Outcome.FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Outcome.AWAY: grpc.StatusCode.UNAVAILABLE,
}


async def start_grpc(signals: tuple[Signal, ...], address: str, access: Access) -> grpc.aio.Server:
    """Listen. Raises OSError where the port is taken."""
    server = grpc.aio.server(
        maximum_concurrent_rpcs=CONCURRENT_REQUESTS,
        options=[
            ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ("grpc.so_reuseport", 0),
            ("grpc.http2.min_ping_interval_without_data_ms", 5000),
            ("grpc.max_connection_idle_ms", 300_000),
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 20_000),
        ],
    )
    server.add_generic_rpc_handlers(
        tuple(
            grpc.method_handlers_generic_handler(
                signal.grpc_service, {"Export": _export(signal.receive, access)}
            )
            for signal in signals
        )
    )
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"{address} cannot be opened") from error
    await server.start()
    return server


def _export(receive: Receive, access: Access) -> "grpc.RpcMethodHandler[bytes, bytes]":
    async def export(bodies: AsyncIterator[bytes], context: "Context") -> bytes:
        body = await _one(bodies)
        if body is None:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "no message came in time")
        headers: dict[str, Any] = dict(context.invocation_metadata() or ())
        sender = grpc_address(context.peer())
        if not access.allows(sender, str(headers.get("authorization", ""))):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, REFUSAL)
        reply = await receive(body or b"")
        if reply.outcome is Outcome.TAKEN:
            message: Any = reply.message
            return bytes(message.SerializeToString())
        code = _CODES[reply.outcome]
        if code is not grpc.StatusCode.INVALID_ARGUMENT:
            details = _status(code.value[0], reply)
            context.set_trailing_metadata((("grpc-status-details-bin", details),))
        await context.abort(code, reply.reason)
        raise AssertionError  # abort has raised

    # as a stream of one message: of a unary call the library waits for its message for ever
    return grpc.stream_unary_rpc_method_handler(export)


async def _one(bodies: AsyncIterator[bytes]) -> bytes | None:
    """The message of a call; None where it did not come in time."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await anext(bodies, b"")
    except TimeoutError:
        return None


def _status(code: int, reply: Reply) -> bytes:
    """A `google.rpc.Status` holding a `RetryInfo`: OTLP's way to say when to try again."""
    retry_info = _field(1, Duration(seconds=reply.wait_seconds).SerializeToString())
    detail = AnyMessage(type_url="type.googleapis.com/google.rpc.RetryInfo", value=retry_info)
    text = reply.reason.encode()[:100]
    return bytes([0x08, code]) + _field(2, text) + _field(3, detail.SerializeToString())


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field of less than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content
