"""Delta ADS over gRPC: a thin shell that carries out what each stream's session says.

Everything here runs on the event loop and touches no database. A proxy has one pending snapshot
at most: a later one replaces it.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Protocol

import grpc
import grpc.aio
from cryptography import x509
from google.protobuf.message import DecodeError

from proxy.ads.responses import Responses, is_large, parse
from proxy.ads.session import Acknowledged, Command, Rejected, Send, Session, Settled
from proxy.xds.snapshot import ProxySnapshot

log = logging.getLogger(__name__)

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
METHOD = "DeltaAggregatedResources"

HOLD_SECONDS = 2.0
"""How long routes wait for a proxy to take its clusters."""

MOST_UNSENT = 1_000

MOST_LARGE = 16
"""How many large responses go out at once: a fleet that comes back would fill the memory. One has gone
out when the proxy has read all but a window of it (proxy.agent.bootstrap)."""

LARGE_SECONDS = 10.0
"""How long a proxy that reads slowly keeps others from theirs."""

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", 10_000),
    # Envoy pings every 10 s; without these gRPC calls that too many and hangs up
    ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # open streams go on, but whoever asks again shows its certificate again: else a stream that
    # ends with its certificate would come back on the connection that showed it
    ("grpc.max_connection_age_ms", 6 * 3_600_000),
)

_END = grpc.aio.EOF  # type: ignore[attr-defined]  # the stubs lack it

Context = grpc.aio.ServicerContext[bytes, bytes]
Admit = Callable[[str, tuple[str, ...]], str | None]
"""(node id, the peer's SPIFFE IDs) -> why it is refused, or None."""


class Events(Protocol):
    """What happens to proxies. Called on the event loop; must not block."""

    def connected(self, proxy_id: str, certificate_expires_at: float | None) -> None:
        """A proxy has opened its stream (times are Unix seconds)."""

    def disconnected(self, proxy_id: str) -> None:
        """The proxy's last stream has ended."""

    def sent(self, proxy_id: str, type_url: str) -> None:
        """A response of this type is on its way."""

    def acknowledged(self, proxy_id: str, type_url: str, snapshot: ProxySnapshot | None) -> None:
        """It took a response, and so has all of `snapshot`'s type unless that is None."""

    def settled(self, snapshot: ProxySnapshot) -> None:
        """The proxy of this snapshot has acknowledged all of it."""

    def rejected(self, proxy_id: str, refusal: Rejected) -> None: ...


class Watched(Events, Protocol):
    """And what goes over their streams."""

    def written(self, proxy_id: str, type_url: str, size: int, seconds: float) -> None:
        """A response of `size` bytes has gone out, so long after it was decided on."""

    def faulty(self, proxy_id: str) -> None:
        """Its stream is ended for what it sent, or because it does not read."""


class _Turns:
    """Large responses wait for one another here."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MOST_LARGE)

    @contextlib.asynccontextmanager
    async def turn(self, *, large: bool) -> AsyncIterator[None]:
        if not large:
            yield
            return
        await self._free.acquire()
        over = False

        def end() -> None:
            nonlocal over
            if not over:
                over = True
                self._free.release()

        later = asyncio.get_running_loop().call_later(LARGE_SECONDS, end)
        try:
            yield
        finally:
            later.cancel()
            end()


class AdsServer:
    """The streams of this process, and what each proxy shall have."""

    def __init__(self, admit: Admit, events: Watched) -> None:
        self._admit = admit
        self._events = events
        self._responses = Responses()
        self._turns = _Turns()
        self._wanted: Mapping[str, ProxySnapshot] = {}
        self._streams: dict[str, list[_Stream]] = {}

    def handler(self) -> grpc.GenericRpcHandler:  # type: ignore[type-arg]  # generic in stubs only
        """Takes and gives bytes: messages are made once, not once for each proxy."""
        method = grpc.stream_stream_rpc_method_handler(self._stream)
        return grpc.method_handlers_generic_handler(SERVICE, {METHOD: method})

    def connected(self) -> frozenset[str]:
        return frozenset(self._streams)

    def serve(self, wanted: Mapping[str, ProxySnapshot], changed: Iterable[str]) -> None:
        """Make `wanted` what proxies get from now on, and push it to those that `changed`.

        Streams of proxies that are no longer wanted stay as they are: their pods are going.
        """
        self._wanted = wanted
        for proxy_id in changed:
            snapshot = wanted.get(proxy_id)
            if snapshot is not None:
                for stream in self._streams.get(proxy_id, ()):
                    stream.offer(snapshot)

    def again(self, proxy_id: str, type_url: str, names: Iterable[str]) -> None:
        """Send a proxy once more what it refused for a reason that may be gone."""
        wanted = tuple(names)
        for stream in self._streams.get(proxy_id, ()):
            stream.again(type_url, wanted)

    async def _stream(self, requests: object, context: Context) -> None:  # noqa: ARG002  read through the context
        first = await context.read()
        if first is _END:
            return
        proxy_id, uris, expires_at = _read_node(first), *_peer(context)
        refusal = self._admit(proxy_id, uris)
        if refusal is not None:
            log.warning("refused proxy %s of %s: %s", proxy_id or "without id", uris, refusal)
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, refusal)
        stream = _Stream(proxy_id, context, self._responses, self._turns, self._events)
        ending = _end_with_certificate(stream, expires_at)
        self._streams.setdefault(proxy_id, []).append(stream)
        self._events.connected(proxy_id, expires_at)
        wanted = self._wanted.get(proxy_id)
        if wanted is not None:
            stream.offer(wanted)
        try:
            await stream.run(first)
        finally:
            if ending is not None:
                ending.cancel()
            self._forget(proxy_id, stream)

    def _forget(self, proxy_id: str, stream: "_Stream") -> None:
        streams = self._streams.get(proxy_id, [])
        streams.remove(stream)
        if not streams:
            del self._streams[proxy_id]
            self._events.disconnected(proxy_id)


class _Stream:
    """One stream: its session, what is to be written, and two tasks."""

    def __init__(
        self,
        proxy_id: str,
        context: Context,
        responses: Responses,
        turns: _Turns,
        events: Watched,
    ) -> None:
        self._proxy_id = proxy_id
        self._context = context
        self._responses = responses
        self._turns = turns
        self._events = events
        self._session = Session()
        self._pending: ProxySnapshot | None = None
        self._unsent: deque[tuple[float, Send]] = deque()
        self._wake = asyncio.Event()
        self._release: asyncio.TimerHandle | None = None
        self._closed = False

    def offer(self, snapshot: ProxySnapshot) -> None:
        self._pending = snapshot
        self._wake.set()

    def again(self, type_url: str, names: Iterable[str]) -> None:
        self._perform(self._session.again(type_url, names))

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    async def run(self, first: bytes) -> None:
        """Until the proxy or `close` ends the stream."""
        reader = asyncio.ensure_future(self._read(first))
        try:
            await self._write(reader)
        finally:
            reader.cancel()
            if self._release is not None:
                self._release.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await reader

    async def _read(self, raw: bytes) -> None:
        try:
            while True:
                _, request = parse(raw)
                self._perform(self._session.receive(request))
                received = await self._context.read()
                if received is _END:
                    return
                raw = received
        except DecodeError:
            log.warning("proxy %s sent what is no discovery request", self._proxy_id)
            self._events.faulty(self._proxy_id)
        finally:
            self.close()

    async def _write(self, reader: "asyncio.Future[None]") -> None:
        while not self._closed:
            while self._unsent:
                decided, send = self._unsent.popleft()
                async with self._turns.turn(large=is_large(send)):
                    size = await self._send(send)
                seconds = time.monotonic() - decided
                self._events.written(self._proxy_id, send.type_url, size, seconds)
            if self._pending is not None:
                snapshot, self._pending = self._pending, None
                self._perform(self._session.offer(snapshot))
                continue
            await self._wake.wait()
            self._wake.clear()
        if reader.done() and not reader.cancelled() and reader.exception() is not None:
            log.debug("stream of %s ended: %s", self._proxy_id, reader.exception())

    async def _send(self, send: Send) -> int:
        """How many bytes went out. They must not outlive this: a fleet of a thousand waits with them."""
        body = self._responses.serialise(send)
        await self._context.write(body)
        return len(body)

    def _perform(self, commands: Iterable[Command]) -> None:
        for command in commands:
            match command:
                case Send():
                    self._unsent.append((time.monotonic(), command))
                    self._events.sent(self._proxy_id, command.type_url)
                case Settled(snapshot):
                    self._events.settled(snapshot)
                case Acknowledged(type_url, snapshot):
                    self._events.acknowledged(self._proxy_id, type_url, snapshot)
                case Rejected():
                    self._events.rejected(self._proxy_id, command)
        if len(self._unsent) > MOST_UNSENT:
            if not self._closed:
                log.warning(
                    "proxy %s asks faster than it reads: closing its stream", self._proxy_id
                )
                self._events.faulty(self._proxy_id)
            self._closed = True
        if self._unsent or self._closed:
            self._wake.set()
        self._watch_hold()

    def _watch_hold(self) -> None:
        if self._session.waiting:
            if self._release is None:
                loop = asyncio.get_running_loop()
                self._release = loop.call_later(HOLD_SECONDS, self._release_now)
        elif self._release is not None:
            self._release.cancel()
            self._release = None

    def _release_now(self) -> None:
        self._release = None
        log.warning("proxy %s has not taken its clusters: sending its routes", self._proxy_id)
        self._perform(self._session.release())


def _read_node(raw: bytes) -> str:
    try:
        return parse(raw)[0]
    except DecodeError:
        return ""


def _peer(context: Context) -> tuple[tuple[str, ...], float | None]:
    """The peer's SPIFFE IDs and when its certificate expires; none without TLS."""
    proof = context.auth_context() or {}
    uris = tuple(value.decode() for value in proof.get("peer_spiffe_id", ()))
    certificates = proof.get("x509_pem_cert", ())
    if not certificates:
        return uris, None
    certificate = x509.load_pem_x509_certificate(next(iter(certificates)))
    return uris, certificate.not_valid_after_utc.timestamp()


def _end_with_certificate(stream: _Stream, expires_at: float | None) -> asyncio.TimerHandle | None:
    """TLS checks a certificate only at the handshake: a stream must not outlive its proof."""
    if expires_at is None:
        return None
    left = max(0.0, expires_at - time.time())
    return asyncio.get_running_loop().call_later(left, stream.close)
