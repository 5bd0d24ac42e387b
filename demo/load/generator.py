"""Paces visits at a rate that can be changed while they run."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from random import Random

from demo.load.counts import Counts
from demo.load.sender import Target, accepts, send
from demo.load.visits import Step, visit

MAX_IN_FLIGHT = 200
MAX_WAITING_VISITS = 200
PROBE_SECONDS = 0.25
PATIENCE_SECONDS = 8.0


class Generator:
    """Sends `rate` requests a second, late answers or not (an open loop).

    The requests of one visit follow each other; which visit goes next is the one that has waited
    longest, so that a slow shop sees more visitors, not fewer requests.
    """

    def __init__(self, target: Target, rate: float, random: Random) -> None:
        self.counts = Counts()
        self._target = target
        self._random = random
        self._rate = rate
        self._rate_changed = asyncio.Event()
        self._opened = asyncio.Event()
        self._waiting: deque[Iterator[Step]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def rate(self) -> float:
        """Requests per second; 0 pauses."""
        return self._rate

    def set_rate(self, rate: float) -> None:
        self._rate = rate
        self._rate_changed.set()

    def open(self) -> None:
        """Say that the shop is open: visitors need not wait any longer."""
        self._opened.set()

    async def until_open(self) -> None:
        """Return once the shop answers a whole page with 200.

        The first knock comes when the shop is said to be open, or has accepted connections for
        PATIENCE_SECONDS: knocking earlier would begin every day with a few errors.
        """
        while not await accepts(self._target):
            await asyncio.sleep(PROBE_SECONDS)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._opened.wait(), PATIENCE_SECONDS)
        door = Step(route="probe", method="GET", path="/", visitor="doorkeeper")
        while await self._perform(door) != "200":
            await asyncio.sleep(PROBE_SECONDS)

    async def run(self) -> None:
        """Send until cancelled."""
        due = time.monotonic()
        while True:
            if self._rate <= 0:
                await self._next_rate(None)
                due = time.monotonic()
                continue
            due += 1 / self._rate
            pause = due - time.monotonic()
            if pause < -1:  # the machine slept: what was missed is not made up in a burst
                due = time.monotonic()
            if await self._next_rate(max(pause, 0)):
                due = time.monotonic()
                continue
            self._send_next()

    async def _next_rate(self, seconds: float | None) -> bool:
        """Wait; True when the rate changed meanwhile."""
        if seconds == 0 and not self._rate_changed.is_set():
            return False
        try:
            await asyncio.wait_for(self._rate_changed.wait(), seconds)
        except TimeoutError:
            return False
        self._rate_changed.clear()
        return True

    def _send_next(self) -> None:
        if len(self._under_way) >= MAX_IN_FLIGHT:
            self.counts.skipped += 1
            return
        going = self._waiting.popleft() if self._may_continue() else visit(self._random)
        step = next(going, None)
        while step is None:
            going = visit(self._random)
            step = next(going, None)
        task = asyncio.create_task(self._walk(going, step))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _may_continue(self) -> bool:
        """Whether a waiting visit goes on rather than a new one beginning.

        A quarter of a second's worth of visits wait at a time, so that visitors overlap.
        """
        return len(self._waiting) > min(self._rate / 4, MAX_WAITING_VISITS)

    async def _walk(self, going: Iterator[Step], step: Step) -> None:
        if (await self._perform(step)).isdigit():
            self._waiting.append(going)

    async def _perform(self, step: Step) -> str:
        """Send one request and count it; the outcome."""
        self.counts.sent(step.route)
        outcome = await send(self._target, step)
        succeeded = outcome.isdigit() and int(outcome) < 400
        self.counts.ended(step.route, outcome, succeeded=succeeded, at=time.time())
        return outcome
