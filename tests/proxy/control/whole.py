"""A whole control plane for tests: control, a broker, a Celery worker, and real Envoys."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings

from proxy.fleet.control import Control
from proxy.fleet.metrics import Meter
from proxy.fleet.tryout import Tryout
from proxy.xds.options import Options
from tests.mesh_web.live.real import Broker
from tests.proxy.ads.fleet import CONTROL_HOST, CONTROL_PORT, DOMAIN, Root, serving
from tests.routing.app.shop import Api
from topology import facade as topology
from topology.contracts import Pod

T = TypeVar("T")
OPTIONS_OF_MESH = Options(trust_domain=DOMAIN, access_log=False)


class MeshBroker(Broker):
    """On the socket where Django's and Celery's settings look for it."""

    def __init__(self) -> None:
        directory = Path(settings.RUNTIME_DIR)
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__(directory)
        self.socket = directory / "broker.sock"
        self.url = f"unix://{self.socket}"


@contextmanager
def worker() -> Iterator[None]:
    """A Celery worker process on the tests' database and broker."""
    home = Path(settings.HOME) / "worker"
    home.mkdir(exist_ok=True)
    database = home / "meshweb.sqlite3"
    if not database.is_symlink():
        database.symlink_to(str(settings.DATABASES["default"]["NAME"]))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "mesh_web.celery", "worker"),
            *("-Q", "revisions,default", "-P", "solo", "-l", "warning"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        env={
            **os.environ,
            "MESHWEB_HOME": str(home),
            "MESHWEB_RUNTIME_DIR": str(settings.RUNTIME_DIR),
            "MESHWEB_BROKER_URL": settings.BROKER_URL,
        },
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@asynccontextmanager
async def control(
    root: Root, tryout: Tryout | None = None, meter: Meter | None = None
) -> AsyncIterator[Control]:
    """Control as its command runs it, ready to serve Envoys with `root`'s certificates.

    Without a `tryout` nothing is tried before it is pushed.
    """
    running = Control(
        OPTIONS_OF_MESH,
        name="tests",
        host_port_offset=0,
        broker_url=settings.BROKER_URL,
        registry_changed=lambda: None,
        meter=meter or Meter(lambda: 0.0),
        tryout=tryout,
    )
    task = asyncio.create_task(running.run())
    try:
        async with asyncio.timeout(10):
            await running.ready.wait()
        address = f"{CONTROL_HOST}:{CONTROL_PORT}"
        async with serving(root, address, running.ads.handler(), "localhost"):
            yield running
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def apply(api: Api, yaml: str, query: str = "") -> Any:
    """The answer to `POST /apply`, as JSON."""
    return (await in_thread(lambda: api.apply(yaml, query))).json()


async def revision(api: Api, number: int) -> Any:
    return (await in_thread(lambda: api.get(f"/revisions/{number}"))).json()


async def pods() -> tuple[Pod, ...]:
    return await in_thread(lambda: topology.registry().pods)


async def in_thread(work: Callable[[], T]) -> T:
    """Django's tests keep their database connection in one thread of their own."""
    return await sync_to_async(work, thread_sensitive=False)()


async def eventually(true: Callable[[], Any], seconds: float = 15.0) -> Any:
    """The first true answer of a reading that blocks."""
    async with asyncio.timeout(seconds):
        while True:
            found = await in_thread(true)
            if found:
                return found
            await asyncio.sleep(0.02)
