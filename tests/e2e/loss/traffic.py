"""An open loop of requests that counts everything that went wrong, with its moment."""

import asyncio
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field

import grpc
import grpc.aio

from tests.e2e.loss.answering import ask_line, read_response

PATIENCE_SECONDS = 10.0
HELD_SECONDS, HELD_ASKS = 3.0, 10
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Failure:
    """`at` is Unix seconds of the request's start; `what` the status and body, or the exception."""

    at: float
    seconds: float
    target: str
    what: str


@dataclass(slots=True)
class Traffic:
    """`rate` requests a second over kept connections, round after round of `targets` (host, path).

    No request is repeated. Runs in a thread of its own from `start` to `stop`.
    """

    address: tuple[str, int]
    targets: tuple[tuple[str, str], ...]
    rate: float
    sent: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    slowest: float = 0.0
    latest: float = 0.0
    _idle: deque[Line] = field(default_factory=deque)
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _began: float = 0.0
    _seconds: float = 0.0

    def start(self) -> None:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        assert self._thread is not None
        self._thread.join(PATIENCE_SECONDS * 2)
        assert not self._thread.is_alive()

    @property
    def held_rate(self) -> float:
        """Requests per second that were really sent."""
        return self.sent / self._seconds

    async def _run(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        self._began = due = time.monotonic()
        while not self._ending.is_set():
            now = time.monotonic()
            while due <= now:  # what is late is sent all the same
                self.latest = max(self.latest, now - due)
                task = asyncio.create_task(self._send(*self.targets[self.sent % len(self.targets)]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                self.sent += 1
                due += 1 / self.rate
            await asyncio.sleep(max(0.001, due - time.monotonic()))
        self._seconds = time.monotonic() - self._began
        await asyncio.gather(*tasks)
        await self._close()

    async def _close(self) -> None:
        for _, writer in self._idle:
            writer.close()

    async def _send(self, host: str, path: str) -> None:
        began, at = time.monotonic(), time.time()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                status, body = await self._ask(host, path)
        except (OSError, TimeoutError, EOFError) as error:
            what = repr(error)
        else:
            what = "" if status == 200 else f"{status} {body.decode(errors='replace')[:200]}"
            self.answered[body.decode(errors="replace") if status == 200 else str(status)] += 1
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        if what:
            self.failures.append(Failure(at, took, f"{host}{path}", what))

    async def _ask(self, host: str, path: str) -> tuple[int, bytes]:
        line = self._idle.popleft() if self._idle else await asyncio.open_connection(*self.address)
        reader, writer = line
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
            status, body, kept = await read_response(reader)
        except BaseException:
            writer.close()
            raise
        if kept:
            self._idle.append(line)
        else:
            writer.close()
        return status, body


@dataclass(slots=True)
class Calls(Traffic):
    """gRPC: `targets` are (host, method); one connection carries all calls, for as long as it lasts."""

    _channel: grpc.aio.Channel | None = None

    async def _ask(self, host: str, path: str) -> tuple[int, bytes]:
        if self._channel is None:
            named = [("grpc.default_authority", host)]
            self._channel = grpc.aio.insecure_channel("{}:{}".format(*self.address), named)
        try:
            return 200, bytes(await self._channel.unary_unary(path, None, None)(b""))
        except grpc.aio.AioRpcError as error:
            raise ConnectionError(f"{error.code()}: {error.details()}") from error

    async def _close(self) -> None:
        if self._channel is not None:
            await self._channel.close(None)


@dataclass(slots=True)
class Lines(Traffic):
    """TCP: a connection, a line, its answer; every third one goes on asking for HELD_SECONDS."""

    _opened: int = 0

    async def _ask(self, host: str, path: str) -> tuple[int, bytes]:  # noqa: ARG002  bytes have neither
        self._opened += 1
        held = self._opened % 3 == 0
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            answer = await ask_line(reader, writer)
            for _ in range(HELD_ASKS if held else 0):
                await asyncio.sleep(HELD_SECONDS / HELD_ASKS)
                again = await ask_line(reader, writer)
                if again != answer:
                    raise ConnectionError(f"{answer!r} became {again!r}")
            return 200, answer
        finally:
            writer.close()
