"""A real broker, store and collector of a test's own, to be killed at will."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from telemetry.collector.config import Config
from telemetry.contracts import EDGES_FIELD, EDGES_STREAM, EdgeSecond
from telemetry.edges import unpack
from telemetry.store.client import Store, StoreAddress

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def eventually(happens: Callable[[], bool], seconds: float = 10.0) -> None:
    """Fail unless it happens in that time."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@dataclass
class Stack:
    """Processes live in `home`; ports are free ones."""

    home: Path
    store_port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    zipkin_port: int = field(default_factory=free_port)
    jaeger_port: int = field(default_factory=free_port)
    scrape_hosts: str = "loopback"
    scrape_own: str = ""
    quota_series: int = 50_000
    quota_bytes: int = 16 << 20
    own_telemetry: str = "off"
    """What the collector tells of itself would be among what a test counts."""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def broker_url(self) -> str:
        return f"unix://{self.home}/broker.sock"

    def store(self) -> Store:
        return Store(StoreAddress.embedded(self.home, self.store_port))

    def broker(self) -> "Redis":
        return Redis.from_url(self.broker_url)

    def start_store(self) -> Store:
        self.start(
            "store", "-m", "telemetry.store.server", str(self.home), "--port", str(self.store_port)
        )
        store = self.store()
        assert store.wait(60), "the store did not start"
        return store

    def start_broker(self) -> None:
        socket_path = f"{self.home}/broker.sock"
        self.start("broker", "-m", "mesh_web.broker", socket_path, f"{self.home}/broker")
        eventually(self._broker_answers)

    def start_collector(self, *words: str, wait: bool = True) -> None:
        """`words`: what Python runs, if not the collector as it is."""
        config = Config(
            home=str(self.home),
            bind="127.0.0.1",
            grpc_port=self.grpc_port,
            http_port=self.http_port,
            zipkin_port=self.zipkin_port,
            jaeger_port=self.jaeger_port,
            jaeger_agent_port=self.jaeger_port,
            broker_url=self.broker_url,
            store_url="",
            store_port=self.store_port,
            scrape_config=str(self.home / "scrape.yaml"),
            scrape_hosts=self.scrape_hosts,
            scrape_own=self.scrape_own,
            quota_series=self.quota_series,
            quota_bytes=self.quota_bytes,
        )
        program = words or ("-m", "telemetry.collector")
        self.start("collector", *program, more=config.environment())
        if wait:
            eventually(lambda: listens(self.http_port), 60)

    def start_all(self) -> None:
        """Broker, store and collector."""
        self.start_broker()
        self.start_store().close()
        self.start_collector()

    def kill(self, name: str) -> None:
        """As the kernel does it: without a word."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def terminate(self, name: str) -> int:
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(5)

    def edge_seconds(self) -> "EdgeSeconds":
        return EdgeSeconds(self)

    def _broker_answers(self) -> bool:
        client = self.broker()
        try:
            return bool(client.ping())
        except RedisError:
            return False
        finally:
            client.close()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def start(self, name: str, *words: str, more: dict[str, str] | None = None) -> None:
        environment = {
            **os.environ,
            **(more or {}),
            "MESHWEB_HOME": str(self.home),
            "DJANGO_SETTINGS_MODULE": "mesh_web.settings",
            "MESHWEB_OWN_TELEMETRY": self.own_telemetry,
        }
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, env=environment, stdout=log, stderr=log
            )


class EdgeSeconds:
    """What collectors left in the broker, from the beginning; each is given once."""

    def __init__(self, stack: Stack) -> None:
        self._broker = stack.broker()
        self._position: bytes | str = "0"

    def new(self) -> list[EdgeSecond]:
        answer: Any = self._broker.xread({EDGES_STREAM: self._position})
        entries = [entry for _, found in answer for entry in found]
        self._position = entries[-1][0] if entries else self._position
        return [unpack(fields[EDGES_FIELD]) for _, fields in entries]

    def close(self) -> None:
        self._broker.close()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def empty_store(home: Path) -> Iterator[Store]:
    """A store without tables."""
    stack = Stack(home)
    try:
        store = stack.start_store()
        yield store
        store.close()
    finally:
        stack.stop()
