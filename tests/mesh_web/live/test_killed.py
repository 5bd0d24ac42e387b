"""kill -9 of the real live process in the midst of traffic: not a request is missing afterwards."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from mesh_web.live.broker import snapshot_key
from tests.telemetry.otlp import requests_total
from tests.telemetry.stack import Stack, eventually
from tests.telemetry.test_collector import export

PER_MESSAGE = 7


class Traffic:
    """A proxy's cumulative counts, sent every 0.2 s until stopped."""

    def __init__(self, stack: Stack) -> None:
        self.sent = 0
        self._stack = stack
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.2):
            self.sent += PER_MESSAGE
            tags = {"source_workload": "cart", "source_workload_namespace": "shop"}
            body = requests_total(self.sent, tags={**tags, "destination_workload": "prices"})
            export(self._stack, "metrics", body.SerializeToString())

    def end(self) -> int:
        """How many requests there were."""
        self._stop.set()
        self._thread.join()
        return self.sent


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    running = Stack(tmp_path)
    try:
        running.start_all()
        yield running
    finally:
        running.stop()


def start_live(stack: Stack) -> None:
    stack.start("live", "manage.py", "live", more={"MESHWEB_BROKER_URL": stack.broker_url})


def drawn(stack: Stack) -> int:
    """Requests on the graph's one edge."""
    broker = stack.broker()
    try:
        kept: Any = broker.get(snapshot_key("graph"))
        edges = orjson.loads(kept)["snapshot"]["edges"] if kept else []
        return sum(int(edge["requests_total"]) for edge in edges)
    finally:
        broker.close()


@pytest.mark.parametrize("away", [0.0, 5.0])
def test_totals_are_exact_after_a_kill(stack: Stack, away: float) -> None:
    start_live(stack)
    traffic = Traffic(stack)
    try:
        eventually(lambda: drawn(stack) > PER_MESSAGE, 20)
        stack.kill("live")
        time.sleep(away)
        start_live(stack)
        time.sleep(3)
    finally:
        sent = traffic.end()
    eventually(lambda: drawn(stack) == sent, 20)
    time.sleep(1.5)
    assert drawn(stack) == sent
