"""The agent's line to control: joining, certificates, assignments, reports (docs/adr/002)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from proxy.identity import envoys, wire
from topology.contracts import Assignment, PodReport

CALL_SECONDS = 10.0
LINGER_SECONDS = 30.0
"""How long calls under way may go on with an earlier certificate."""

SILENCE_SECONDS = 30.0
"""A watch that says nothing for so long is broken: control's heartbeat is three times as fast."""

Channel = grpc.aio.Channel
OPTIONS = (
    # only control's certificate names a host: no workload can pass for it
    ("grpc.ssl_target_name_override", "localhost"),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # how long one attempt may take: on a machine with much to do a handshake takes its time
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """Whom to trust, and the fingerprint of the root that signs now; a higher `version` is newer."""

    pem: str
    issuer: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A signed certificate with its lifetime in Unix seconds, and the roots to trust."""

    certificate_pem: str
    roots: Roots
    not_before: float
    not_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """All that an agent shall do. `renew` are serials of certificates to be made anew."""

    pods: tuple[Assignment, ...]
    roots: Roots
    renew: frozenset[str]


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

    def __init__(self, addresses: str) -> None:
        """`addresses` are "host:port", parted by commas: one after the other is tried."""
        self._addresses = cycle(addresses.split(","))
        self._address = next(self._addresses)
        self._credentials: grpc.ChannelCredentials | None = None
        self._channel: Channel | None = None
        self._closing: set[asyncio.Future[None]] = set()

    def identify(self, roots_pem: str, certificate_pem: str, key_pem: str) -> None:
        """Use another certificate from now on; calls under way may end with OSError."""
        self._credentials = grpc.ssl_channel_credentials(
            roots_pem.encode(), key_pem.encode(), certificate_pem.encode()
        )
        self._connect(grace=LINGER_SECONDS)

    def turn(self) -> None:
        """Go to the next control process: this one does not answer."""
        self._address = next(self._addresses)
        self._connect(grace=None)

    def _connect(self, grace: float | None) -> None:
        if self._credentials is None:
            return
        old = self._channel
        self._channel = grpc.aio.secure_channel(self._address, self._credentials, options=OPTIONS)
        if old is not None:
            closing = asyncio.ensure_future(old.close(grace))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close(None)
        await asyncio.gather(*self._closing)

    async def renew(self, csr_pem: str) -> Grant:
        return _grant(await _call(self._ready(), wire.RENEW, {"csr": csr_pem}))

    async def sign(self, csr_pem: str) -> Grant:
        return _grant(await _call(self._ready(), wire.SIGN, {"csr": csr_pem}))

    async def report(
        self,
        reports: Sequence[PodReport],
        identities: Sequence[dict[str, Any]] = (),
        ejections: Sequence[dict[str, object]] = (),
    ) -> None:
        """`identities` are what the agent (first) and its Envoys hold (`wire.identity_out`);
        `ejections` what the Envoys' endpoints went through (`proxy.agent.outliers.told`)."""
        told = {
            "pods": [wire.report_out(r) for r in reports],
            "identities": list(identities),
            "ejections": list(ejections),
        }
        await _call(self._ready(), wire.REPORT, told)

    async def watch(self) -> AsyncIterator[Orders]:
        """What this node's agent shall do, at once and after each change.

        Ends when another certificate is in use, to be called again; else with OSError.
        """
        async for message in self._told(wire.method(wire.WATCH)):
            if "pods" in message:
                yield Orders(
                    pods=tuple(wire.assignment_in(one) for one in message["pods"]),
                    roots=_roots(message["trust"]),
                    renew=frozenset(message["renew"]),
                )

    async def questions(self) -> AsyncIterator[dict[str, Any]]:
        """What control asks about this host's Envoys, as it comes. Ends as `watch` does."""
        async for asked in self._told(envoys.method(envoys.QUESTIONS)):
            if asked:
                yield asked

    async def _told(self, method: str) -> AsyncIterator[dict[str, Any]]:
        """Every message of a stream of control's, heartbeats ({}) too. Ends as `watch` does."""
        channel = self._ready()
        stream = channel.unary_stream(method, bytes, bytes)(wire.encode({}))
        try:
            while channel is self._channel:
                raw = await asyncio.wait_for(stream.read(), SILENCE_SECONDS)
                if not isinstance(raw, bytes):  # grpc.aio.EOF
                    raise ConnectionError("control ended the stream")
                yield wire.decode(raw)
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error
        except asyncio.CancelledError:
            raise _given_up() from None
        finally:
            stream.cancel()

    async def answer(self, told: dict[str, Any]) -> None:
        await _call(self._ready(), envoys.ANSWER, told, method=envoys.method)

    def _ready(self) -> Channel:
        if self._channel is None:
            raise ConnectionError("not joined yet")
        return self._channel


async def _call(
    channel: Channel,
    name: str,
    request: dict[str, Any],
    metadata: tuple[tuple[str, str], ...] = (),
    method: Callable[[str], str] = wire.method,
) -> dict[str, Any]:
    called = channel.unary_unary(method(name), bytes, bytes)
    try:
        raw = await called(wire.encode(request), timeout=CALL_SECONDS, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        raise _translated(error) from error
    except asyncio.CancelledError:
        raise _given_up() from None
    return wire.decode(raw)


def _given_up() -> BaseException:
    """What a cancelled call means: grpc ends those of a closed channel as if their task were."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        return asyncio.CancelledError()
    return ConnectionError("the connection was given up")


def _translated(error: grpc.aio.AioRpcError) -> Exception:
    if error.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT):
        return ControlRefused(error.details() or error.code().name)
    return ConnectionError(f"{error.code().name}: {error.details()}")


def _grant(answer: dict[str, Any]) -> Grant:
    return Grant(
        certificate_pem=answer["certificate"],
        roots=_roots(answer),
        not_before=answer["not_before"],
        not_after=answer["not_after"],
    )


def _roots(answer: dict[str, Any]) -> Roots:
    return Roots(pem=answer["roots"], issuer=answer["issuer"], version=answer["version"])
