"""One changed weight among 200 services, to the last ACK of 1, 100 and 1,000 simulated proxies.

Ours is all that control does: compile, make snapshots, push, follow the ACKs. The floor is a
hand-made server in the same run that writes the very same bytes, ready made, to every stream.
"""

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import django
import grpc
import grpc.aio
import uvloop

HOST = "127.93.200.1"
CLIENT_PROCESSES = 2
ROUNDS = 9
TARGET_RATIO = 3.0
COLD_TARGETS = "targets at 1000: 5 s, 10 s, 1024 MB"


class Floor:
    """Writes the bytes it is given to every stream and counts what comes back."""

    def __init__(self, initial: tuple[bytes, ...]) -> None:
        self._initial = initial
        self._queues: list[asyncio.Queue[bytes]] = []
        self._answers = 0
        self._wanted = 0
        self._done = asyncio.Event()

    def handler(self) -> grpc.GenericRpcHandler:  # type: ignore[type-arg]  # generic in stubs only
        from proxy.ads.server import METHOD, SERVICE  # noqa: PLC0415  needs Django

        method = grpc.stream_stream_rpc_method_handler(self._stream)
        return grpc.method_handlers_generic_handler(SERVICE, {METHOD: method})

    async def ready(self, clients: int) -> None:
        # four subscriptions and four acknowledgements from each
        await self._count_to(8 * clients, lambda: None)

    async def push(self, response: bytes) -> float:
        """Milliseconds to the last ACK."""
        began = time.perf_counter()
        await self._count_to(len(self._queues), lambda: self._write(response))
        return (time.perf_counter() - began) * 1000

    def _write(self, response: bytes) -> None:
        for queue in self._queues:
            queue.put_nowait(response)

    async def _count_to(self, wanted: int, act: Callable[[], None]) -> None:
        self._wanted += wanted
        self._done.clear()
        act()
        if self._answers < self._wanted:
            await asyncio.wait_for(self._done.wait(), 120)

    async def _stream(
        self, _requests: object, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> None:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._queues.append(queue)
        for response in self._initial:
            queue.put_nowait(response)
        reader = asyncio.ensure_future(self._read(context))
        try:
            while True:
                await context.write(await queue.get())
        finally:
            reader.cancel()

    async def _read(self, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        while await context.read() is not grpc.aio.EOF:  # type: ignore[attr-defined]
            self._answers += 1
            if self._answers == self._wanted:
                self._done.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cold:
    """A control process that starts: CPU of its first plan, until every proxy has all, memory."""

    plan_cpu_seconds: float
    connect_seconds: float
    megabytes: int


async def measure(clients: int) -> tuple[float, float, int, Cold]:
    """Median milliseconds of ours and of the floor, the bytes of one push, and the start."""
    from benchmarks.push_ours import Ours  # noqa: PLC0415  needs Django

    began = time.process_time()
    ours = Ours(clients)
    planned = time.process_time() - began
    began = time.perf_counter()
    async with _serving(ours.handler(), clients):
        await ours.ready()
        cold = Cold(
            plan_cpu_seconds=planned,
            connect_seconds=time.perf_counter() - began,
            megabytes=_resident_megabytes(),
        )
        took = [await ours.push(20 + index) for index in range(ROUNDS)]
        initial, change = ours.initial_bytes(), ours.change_bytes()
    floor = Floor(initial)
    async with _serving(floor.handler(), clients):
        await floor.ready(clients)
        least = [await floor.push(change) for _ in range(ROUNDS)]
    return statistics.median(took), statistics.median(least), len(change), cold


def _resident_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@asynccontextmanager
async def _serving(
    handler: grpc.GenericRpcHandler,  # type: ignore[type-arg]  # generic in stubs only
    clients: int,
) -> AsyncIterator[None]:
    from proxy.ads.server import OPTIONS  # noqa: PLC0415  needs Django

    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    many = min(CLIENT_PROCESSES, clients)
    each = clients // many
    running = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.push_clients"),
                *(HOST, str(port), str(each), str(index * each)),
            ]
        )
        for index in range(many)
    ]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
        await server.stop(None)


async def main() -> None:
    print("one changed weight, 200 services, to the last ACK (median of", ROUNDS, "pushes)")
    for clients in (1, 100, 1000):
        ours, floor, size, cold = await measure(clients)
        print(
            f"{clients:5d} proxies: {ours:7.1f} ms, floor {floor:7.1f} ms, "
            f"ratio {ours / floor:4.1f}"
            + (f" (target {TARGET_RATIO})" if clients == 1000 else "")
            + f"; {size} bytes each"
        )
        print(
            f"       cold start: plan {cold.plan_cpu_seconds:.2f} s CPU, all connected in "
            f"{cold.connect_seconds:.2f} s, {cold.megabytes} MB"
            + (f" ({COLD_TARGETS})" if clients == 1000 else "")
        )


def run() -> None:
    django.setup()
    uvloop.run(main())


if __name__ == "__main__":
    run()
