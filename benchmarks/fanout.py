"""A 20 KB live message to 1,000 sockets: from publish to the last byte of the last one.

The floor is a bare server of the `websockets` library that broadcasts the same bytes, measured
in the same run with the same clients. Ours is uvicorn, Channels and the hub, behind the broker.
"""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

SOCKETS = 1000
BODY_BYTES = 20_000
ROUNDS = 9
SETTLE_SECONDS = 0.3
EPOCH = "0a"


def message(seq: int) -> bytes:
    """A delta of one fixed size, whatever its number."""
    head = f'{{"topic":"graph","epoch":"{EPOCH}","seq":{seq},"delta":{{"x":"'
    return (head + "x" * (BODY_BYTES - len(head) - 3) + '"}}').encode()


def snapshot() -> bytes:
    return f'{{"topic":"graph","epoch":"{EPOCH}","seq":0,"snapshot":{{}}}}'.encode()


class Client(asyncio.Protocol):
    """A WebSocket client that shakes hands, subscribes, and then only counts bytes."""

    def __init__(self, tally: "Tally") -> None:
        self._tally = tally
        self._head: bytearray | None = bytearray()
        self.received = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        key = b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            self._count(len(data))
            return
        self._head += data
        head, end, rest = bytes(self._head).partition(b"\r\n\r\n")
        if end:
            assert b" 101 " in head, head
            self._head = None
            self._transport.write(_frame(b'{"subscribe": "graph"}'))
            self._count(len(rest))

    def _count(self, size: int) -> None:
        before, self.received = self.received, self.received + size
        self._tally.counted(before, self.received)


def _frame(text: bytes) -> bytes:
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


class Tally:
    """Waits until every client has received so many bytes."""

    def __init__(self) -> None:
        self._target = 0
        self._missing = 0
        self._done = asyncio.Event()

    def counted(self, before: int, now: int) -> None:
        if before < self._target <= now:
            self._missing -= 1
            if not self._missing:
                self._done.set()

    async def all_have(self, clients: list[Client], target: int) -> None:
        self._target = target
        self._missing = sum(client.received < target for client in clients)
        if self._missing:
            self._done.clear()
            async with asyncio.timeout(30):
                await self._done.wait()


async def rounds(
    port: int, greeting: bytes, send: Callable[[bytes], Awaitable[object]]
) -> list[float]:
    """Milliseconds of each round, the first left out."""
    tally, loop, clients = Tally(), asyncio.get_running_loop(), []
    for _ in range(SOCKETS):
        _, client = await loop.create_connection(lambda: Client(tally), "127.0.0.1", port)
        clients.append(client)
    target = len(greeting) + 2 if greeting else 0
    await tally.all_have(clients, target)
    took = []
    for seq in range(1, ROUNDS + 2):
        await asyncio.sleep(SETTLE_SECONDS)
        text = message(seq)
        target += len(text) + 4
        began = time.perf_counter()
        await asyncio.gather(send(text), tally.all_have(clients, target))
        took.append(1000 * (time.perf_counter() - began))
    for client in clients:
        client._transport.abort()
    return took[1:]


# -- The two servers, each a process of its own ------------------------------------------------


async def serve_floor(url: str) -> None:
    """Broadcasts whatever is published."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve  # noqa: PLC0415

    everyone: set[ServerConnection] = set()

    async def attend(socket: ServerConnection) -> None:
        everyone.add(socket)
        await socket.wait_closed()
        everyone.discard(socket)

    async with (
        serve(attend, "127.0.0.1", 0, compression=None, ping_interval=None) as server,
        Redis.from_url(url).pubsub(ignore_subscribe_messages=True) as pubsub,
    ):
        await pubsub.subscribe("floor")
        print(server.sockets[0].getsockname()[1], flush=True)
        async for published in pubsub.listen():
            broadcast(everyone, published["data"].decode())


async def serve_hub(url: str) -> None:
    """uvicorn as `manage.py web` runs it, with the live socket open to everyone."""
    import socket  # noqa: PLC0415

    import django  # noqa: PLC0415

    os.environ["DJANGO_SETTINGS_MODULE"] = "mesh_web.settings"
    os.environ["MESHWEB_BROKER_URL"] = url
    django.setup()

    import uvicorn  # noqa: PLC0415
    from channels.routing import URLRouter  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415

    from mesh_web.live.consumer import LiveConsumer  # noqa: PLC0415

    def everyone(scope: Mapping[str, Any]) -> bool:  # noqa: ARG001  nobody is refused
        return True

    class OpenToAll(LiveConsumer):
        welcome = staticmethod(everyone)

    listening = socket.create_server(("127.0.0.1", 0), backlog=SOCKETS)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        URLRouter([path("ws/live", OpenToAll.as_asgi())]),
        lifespan="off",
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
    await uvicorn.Server(config).serve(sockets=[listening])


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mw", dir="/tmp") as directory:
        os.environ.setdefault("MESHWEB_HOME", directory)
        from mesh_web.broker import binary  # noqa: PLC0415

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
        path = Path(directory) / "b.sock"
        arguments = ("--port", "0", "--unixsocket", str(path), "--save", "")
        broker = subprocess.Popen([str(binary()), *arguments], stdout=subprocess.DEVNULL)
        while not path.exists():
            time.sleep(0.01)
        try:
            floor, ours = asyncio.run(measure(f"unix://{path}"))
        finally:
            broker.kill()
            broker.wait()
    floor_ms, ours_ms = statistics.median(floor), statistics.median(ours)
    print(
        f"fanout: {BODY_BYTES} bytes to {SOCKETS} sockets: {ours_ms:.0f} ms to the last"
        f" ({ours_ms / floor_ms:.2f}x the floor of {floor_ms:.0f} ms)"
    )


async def measure(url: str) -> tuple[list[float], list[float]]:
    async with Redis.from_url(url) as client:
        await client.set("meshweb:live:graph", snapshot())
        floor = await _against("floor", url, b"", lambda text: client.publish("floor", text))
        ours = await _against(
            "hub", url, snapshot(), lambda text: client.publish("meshweb:live", text)
        )
    return floor, ours


async def _against(
    which: str, url: str, greeting: bytes, send: Callable[[bytes], Awaitable[object]]
) -> list[float]:
    """Rounds against one server, alone on the machine while it is measured."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.fanout", which, url, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        port = int(await server.stdout.readline())
        return await rounds(port, greeting, send)
    finally:
        server.kill()
        await server.wait()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        import uvloop

        uvloop.run({"floor": serve_floor, "hub": serve_hub}[sys.argv[1]](sys.argv[2]))
    else:
        main()
