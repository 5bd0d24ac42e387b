"""One changed VirtualService, from its publication to the last ACK of simulated proxies.

First a weight among 200 services with 1, 100 and 1,000 proxies; then weights and structure among
1,000 services with 1,000 proxies, where the change concerns all of them or 20, and nobody else is
told anything; with control's start, a recompile of everything, and its memory.

Ours is all that control does: compile, try, make snapshots, push, follow the ACKs. The floor is a
hand-made server in the same run that writes the same bytes, ready made, to as many streams.
"""

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import django
import grpc
import grpc.aio
import uvloop

django.setup()

from benchmarks import push_mesh, push_thousand  # noqa: E402  needs Django
from benchmarks.push_ours import Ours, Pushed  # noqa: E402  needs Django
from benchmarks.push_thousand import PRIVATE, SHARED, Edit, structure, weight  # noqa: E402  needs Django
from proxy.ads.server import METHOD, OPTIONS, SERVICE  # noqa: E402  needs Django
from proxy.fleet.asking import Standby  # noqa: E402  needs Django
from routing.compile.mesh import Compiler, MeshInput  # noqa: E402  needs Django

HOST = "127.93.200.1"
CLIENT_PROCESSES = 2
ROUNDS = 9
TARGET_RATIO = 3.0
COLD_TARGETS = "targets at 1000: 5 s, 10 s, 1024 MB"
RECOMPILE_SECONDS = 2.0


class Floor:
    """Writes the bytes it is given to every stream and counts what comes back."""

    def __init__(self, initial: tuple[bytes, ...]) -> None:
        self._initial = initial
        self._queues: list[asyncio.Queue[bytes]] = []
        self._answers = 0
        self._wanted = 0
        self._done = asyncio.Event()

    def handler(self) -> grpc.GenericRpcHandler:  # type: ignore[type-arg]  # generic in stubs only
        method = grpc.stream_stream_rpc_method_handler(self._stream)
        return grpc.method_handlers_generic_handler(SERVICE, {METHOD: method})

    async def ready(self, clients: int) -> None:
        # four subscriptions and four acknowledgements from each
        await self._count_to(8 * clients, lambda: None)

    async def push(self, response: bytes, streams: int) -> float:
        """Milliseconds to the last ACK of so many."""
        began = time.perf_counter()
        await self._count_to(streams, lambda: self._write(response, streams))
        return (time.perf_counter() - began) * 1000

    def _write(self, response: bytes, streams: int) -> None:
        for queue in self._queues[:streams]:
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
    given = push_mesh.given(clients)
    async with _ours(given) as (ours, cold):
        took = [
            (await ours.push(push_mesh.published(2 + index, 20 + index))).ms
            for index in range(ROUNDS)
        ]
        initial, change = ours.initial_bytes(), ours.change_bytes()
    async with _floor(initial, given) as floor:
        least = [await floor.push(change, clients) for _ in range(ROUNDS)]
    return statistics.median(took), statistics.median(least), len(change), cold


CHANGES: dict[str, tuple[int, Callable[[int], Edit]]] = {
    "a weight, all proxies": (SHARED, lambda number: weight(10 + number)),
    "a weight, one namespace": (PRIVATE, lambda number: weight(10 + number)),
    "a route more, all proxies": (SHARED, structure),
    "a route more, one namespace": (PRIVATE, structure),
}


async def measure_thousand() -> None:
    given = push_thousand.given()
    print(f"{push_thousand.SERVICES} services, {len(given.node_ids)} proxies (medians of {ROUNDS})")
    _print_recompile(given)
    found: dict[str, list[Pushed]] = {}
    async with _ours(given) as (ours, cold):
        _print_cold(cold, len(given.node_ids))
        number = given.published.number
        for name, (service, edit) in CHANGES.items():
            # the first leads from the other kind of change to this one: it concerns others, too
            for round_ in range(-1, ROUNDS):
                number += 1
                pushed = await ours.push(push_thousand.published(number, service, edit(number)))
                if round_ >= 0:
                    assert pushed.told.keys() == set(push_thousand.concerned(service))
                    found.setdefault(name, []).append(pushed)
        initial, change = ours.initial_bytes(), ours.change_bytes()
        print(f"       memory after {number - 1} changes: {_resident_megabytes()} MB")
    async with _floor(initial, given) as floor:
        for name, pushes in found.items():
            told = len(pushes[0].told)
            least = [await floor.push(change, told) for _ in range(ROUNDS)]
            _print_pushes(name, pushes, statistics.median(least))


def _print_recompile(given: push_mesh.Given) -> None:
    compiler = Compiler()
    wanted = MeshInput(documents=given.published.documents, registry=given.registry)
    began, worked = time.perf_counter(), time.process_time()
    compiler.compile(wanted)
    took, cpu = time.perf_counter() - began, time.process_time() - worked
    print(
        f"       recompile of everything: {took:.2f} s, {cpu:.2f} s CPU (target {RECOMPILE_SECONDS})"
    )


def _print_pushes(name: str, pushes: list[Pushed], floor: float) -> None:
    def median(of: Callable[[Pushed], float]) -> float:
        return statistics.median(map(of, pushes))

    ms = median(lambda one: one.ms)
    size = statistics.mean(statistics.mean(one.told.values()) for one in pushes)
    print(
        f"{name:>28}: {ms:7.1f} ms (planned in {median(lambda one: one.plan_ms):.1f} ms, "
        f"{median(lambda one: one.plan_cpu_ms):.1f} ms CPU), floor {floor:7.1f} ms, "
        f"ratio {ms / floor:4.1f} (target {TARGET_RATIO}); "
        f"{len(pushes[0].told)} told, {size:.0f} bytes each, the others nothing"
    )


def _print_cold(cold: Cold, clients: int) -> None:
    print(
        f"       cold start: plan {cold.plan_cpu_seconds:.2f} s CPU, all connected in "
        f"{cold.connect_seconds:.2f} s, {cold.megabytes} MB"
        + (f" ({COLD_TARGETS})" if clients == 1000 else "")
    )


@asynccontextmanager
async def _ours(given: push_mesh.Given) -> AsyncIterator[tuple[Ours, Cold]]:
    """Control with all its proxies connected."""
    envoy = Standby()
    envoy.prepare()
    began = time.process_time()
    ours = Ours(given, envoy)
    planned = time.process_time() - began
    began = time.perf_counter()
    async with _serving(ours.handler(), given.node_ids):
        await ours.ready()
        yield (
            ours,
            Cold(
                plan_cpu_seconds=planned,
                connect_seconds=time.perf_counter() - began,
                megabytes=_resident_megabytes(),
            ),
        )
    envoy.close()


@asynccontextmanager
async def _floor(initial: tuple[bytes, ...], given: push_mesh.Given) -> AsyncIterator[Floor]:
    floor = Floor(initial)
    async with _serving(floor.handler(), given.node_ids):
        await floor.ready(len(given.node_ids))
        yield floor


def _resident_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@asynccontextmanager
async def _serving(
    handler: grpc.GenericRpcHandler,  # type: ignore[type-arg]  # generic in stubs only
    node_ids: Sequence[str],
) -> AsyncIterator[None]:
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    many = min(CLIENT_PROCESSES, len(node_ids))
    running = [_clients(port, node_ids[index::many]) for index in range(many)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
        await server.stop(None)


def _clients(port: int, node_ids: Sequence[str]) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.push_clients", HOST, str(port)], stdin=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write("\n".join(node_ids).encode())
    process.stdin.close()
    return process


async def measure_two_hundred() -> None:
    print("one changed weight, 200 services, to the last ACK (median of", ROUNDS, "pushes)")
    for clients in (1, 100, 1000):
        ours, floor, size, cold = await measure(clients)
        print(
            f"{clients:5d} proxies: {ours:7.1f} ms, floor {floor:7.1f} ms, "
            f"ratio {ours / floor:4.1f}"
            + (f" (target {TARGET_RATIO})" if clients == 1000 else "")
            + f"; {size} bytes each"
        )
        _print_cold(cold, clients)


MESHES = {"200": measure_two_hundred, "1000": measure_thousand}


def main(chosen: list[str]) -> int:
    """Each mesh in a process of its own, for the memory; the exit code is that of the worst."""
    if chosen:
        uvloop.run(MESHES[chosen[0]]())
        return 0
    words = [sys.executable, "-m", "benchmarks.push"]
    return max(subprocess.run([*words, name], check=False).returncode for name in MESHES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
