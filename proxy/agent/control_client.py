"""The agent's line to control: joining, certificates, assignments, reports (docs/adr/002)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from proxy.identity import wire
from topology.contracts import Assignment, PodReport

CALL_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""A watch that says nothing for so long is broken: control's heartbeat is three times as fast."""

Channel = grpc.aio.Channel
OPTIONS = (
    # only control's certificate names a host: no workload can pass for it
    ("grpc.ssl_target_name_override", "localhost"),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A signed certificate with its lifetime in Unix seconds, and the roots to trust."""

    certificate_pem: str
    roots_pem: str
    not_before: float
    not_after: float


class ControlRefused(Exception):  # noqa: N818  an answer
    """Control answered no, and will do so again."""


async def join(address: str, roots: Path, token: str, node: str, csr_pem: str) -> Grant:
    """The agent's first certificate, for a join token. Raises ControlRefused or OSError."""
    credentials = grpc.ssl_channel_credentials(roots.read_bytes())
    async with grpc.aio.secure_channel(address, credentials, options=OPTIONS) as channel:
        request = {"node": node, "csr": csr_pem}
        answer = await _call(channel, wire.JOIN, request, ((wire.TOKEN_METADATA, token),))
        return _grant(answer)


class ControlClient:
    """Calls that prove who the agent is by mTLS; `identify` once more after each renewal."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._channel: Channel | None = None

    async def identify(self, roots_pem: str, certificate_pem: str, key_pem: str) -> None:
        """Use another certificate from now on; calls under way may end with OSError."""
        old = self._channel
        credentials = grpc.ssl_channel_credentials(
            roots_pem.encode(), key_pem.encode(), certificate_pem.encode()
        )
        self._channel = grpc.aio.secure_channel(self._address, credentials, options=OPTIONS)
        if old is not None:
            await old.close(grace=CALL_SECONDS)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close(None)

    async def renew(self, csr_pem: str) -> Grant:
        return _grant(await _call(self._ready(), wire.RENEW, {"csr": csr_pem}))

    async def sign(self, csr_pem: str) -> Grant:
        return _grant(await _call(self._ready(), wire.SIGN, {"csr": csr_pem}))

    async def report(self, reports: Sequence[PodReport]) -> None:
        await _call(self._ready(), wire.REPORT, {"pods": [wire.report_out(r) for r in reports]})

    async def watch(self) -> AsyncIterator[tuple[Assignment, ...]]:
        """All pods of this node, at once and after each change. Ends with OSError."""
        stream = self._ready().unary_stream(wire.method(wire.WATCH), bytes, bytes)(wire.encode({}))
        try:
            while True:
                raw = await asyncio.wait_for(stream.read(), SILENCE_SECONDS)
                if not isinstance(raw, bytes):  # grpc.aio.EOF
                    raise ConnectionError("control ended the watch")
                message = wire.decode(raw)
                if "pods" in message:
                    yield tuple(wire.assignment_in(one) for one in message["pods"])
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error
        finally:
            stream.cancel()

    def _ready(self) -> Channel:
        if self._channel is None:
            raise ConnectionError("not joined yet")
        return self._channel


async def _call(
    channel: Channel, name: str, request: dict[str, Any], metadata: tuple[tuple[str, str], ...] = ()
) -> dict[str, Any]:
    method = channel.unary_unary(wire.method(name), bytes, bytes)
    try:
        raw = await method(wire.encode(request), timeout=CALL_SECONDS, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        raise _translated(error) from error
    return wire.decode(raw)


def _translated(error: grpc.aio.AioRpcError) -> Exception:
    if error.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT):
        return ControlRefused(error.details() or error.code().name)
    return ConnectionError(f"{error.code().name}: {error.details()}")


def _grant(answer: dict[str, Any]) -> Grant:
    return Grant(
        certificate_pem=answer["certificate"],
        roots_pem=answer["roots"],
        not_before=answer["not_before"],
        not_after=answer["not_after"],
    )
