"""Every test ends by itself, however slow the machine or lost a process it started."""

import asyncio
import faulthandler
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Fail what takes longer where it stands, and say what every thread and task waits for."""

    def late(_: int, __: FrameType | None) -> None:
        faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr, all_threads=True)
        for task in _tasks():
            where = (f"{one.f_code.co_filename}:{one.f_lineno}" for one in task.get_stack())
            print(task.get_name(), task.get_coro(), *where, sep="\n  ", file=sys.__stderr__)
        pytest.fail(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
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
