"""Every test of proxies ends by itself, however slow the machine or lost a process it started."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

DEADLINE_SECONDS = 120


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    """Fail, where it stands, what takes too long."""

    def late(_: int, __: FrameType | None) -> None:
        pytest.fail(f"took longer than {DEADLINE_SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(DEADLINE_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
