"""Every test of proxies ends by itself, however slow the machine or lost a process it started."""

import asyncio
import faulthandler
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

DEADLINE_SECONDS = 120


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """Fail, where it stands, what takes too long, and say what every task and thread waits for."""

    def late(_: int, __: FrameType | None) -> None:
        faulthandler.dump_traceback(all_threads=True)
        for task in _tasks():
            task.print_stack(file=sys.stderr)
        pytest.fail(f"took longer than {DEADLINE_SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(DEADLINE_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _tasks() -> set[asyncio.Task[Any]]:
    try:
        return asyncio.all_tasks()
    except RuntimeError:  # no event loop runs
        return set()
