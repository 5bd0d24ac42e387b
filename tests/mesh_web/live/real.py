"""Real peers for the live view's tests: a broker, and edge counts as a collector sends them."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as Away

from mesh_web.broker import binary
from telemetry.contracts import EdgeCount, EdgeKey, EdgeSecond, Reporter

START_SECONDS = 20.0


class Broker:
    """The Valkey binary on a Unix socket of its own, with nothing kept on disk."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "b.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ("--port", "0", "--unixsocket", str(self.socket), "--save", "")
        self._process = subprocess.Popen(
            [str(binary()), *arguments, "--loglevel", "warning"], stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + START_SECONDS
        with Redis.from_url(self.url) as client:
            while time.monotonic() < end:
                try:
                    client.ping()
                except Away:
                    time.sleep(0.01)
                else:
                    return
        raise AssertionError("the broker did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        await asyncio.sleep(0.01)


def key(source: str, target: str, code: str = "200") -> EdgeKey:
    """Traffic in namespace shop as the source reports it."""
    return EdgeKey(
        reporter=Reporter.SOURCE,
        source_namespace="shop",
        source_workload=source,
        destination_service_namespace="shop",
        destination_service=f"{target}.shop.svc.cluster.local",
        destination_namespace="shop",
        destination_workload=target,
        destination_version="v1",
        protocol="http",
        code=code,
        flags="-",
        security="mutual_tls",
    )


def second(at: float, source: str, target: str, requests: int = 5) -> EdgeSecond:
    return EdgeSecond(
        collector="a",
        second=int(at),
        edges=((key(source, target), EdgeCount(requests=requests)),),
    )
