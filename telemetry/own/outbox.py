"""What waits to be sent to one destination: bounded, sent by a thread of its own, lost with a count.

Nobody who makes a span, a record or a number ever waits here.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from telemetry.own.measures import DROPPED, SENT
from telemetry.own.redaction import Redaction

if TYPE_CHECKING:
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
    from opentelemetry.sdk.trace import ReadableSpan

log = logging.getLogger(__name__)

ROUND_SECONDS = 1.0
METRICS_SECONDS = 5.0
MOST_WAITING = 2048
"""Spans, and as many records of logs: about 4 MB while the destination is away."""
BATCH = 256
LAST_SECONDS = 0.7
"""How long the end of a process may wait for what is left."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
NOTHING_KNOWN = Redaction()


class Signal(StrEnum):
    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"


class Sent(StrEnum):
    """AWAY: worth another try later. REFUSED: this will never be taken."""

    TAKEN = "taken"
    REFUSED = "refused"
    AWAY = "away"


class Destination(Protocol):
    """Called by one thread; must give up within seconds, and raise nothing."""

    name: str
    carries: frozenset[Signal]

    def traces(self, spans: "Sequence[ReadableSpan]") -> Sent: ...
    def logs(self, records: "Sequence[LogRecord]") -> Sent: ...
    def metrics(self, request: bytes) -> Sent: ...
    def close(self) -> None: ...


T = TypeVar("T")


class _Queue(Generic[T]):
    """Takes from everybody, gives to one. What finds it full is lost, and counted."""

    def __init__(self, signal: Signal, destination: str) -> None:
        self._waiting: deque[T] = deque()
        self._held: list[T] = []
        self._dropped = DROPPED.labels(signal, destination)
        self._sent = SENT.labels(signal, destination)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._held)

    def put(self, one: T) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._dropped.inc()
        else:
            self._waiting.append(one)

    def send(self, give: Callable[[Sequence[T]], Sent]) -> bool:
        """One batch; whether the destination answered. What it did not take is kept for later."""
        while self._waiting and len(self._held) < BATCH:
            self._held.append(self._waiting.popleft())
        given = give(self._held)
        if given is Sent.AWAY:
            return False
        (self._sent if given is Sent.TAKEN else self._dropped).inc(len(self._held))
        self._held = []
        return True

    def give_up(self) -> None:
        self._dropped.inc(len(self))
        self._waiting.clear()
        self._held = []


class Outbox:
    """One destination, its queues and the thread that sends."""

    def __init__(
        self,
        destination: Destination,
        numbers: Callable[[], bytes],
        redact: Redaction = NOTHING_KNOWN,
    ) -> None:
        """`numbers` answers the process's metrics as an OTLP request."""
        self._destination = destination
        self._numbers = numbers
        self._redact = redact
        self._spans: _Queue[ReadableSpan] = _Queue(Signal.TRACES, destination.name)
        self._records: _Queue[LogRecord] = _Queue(Signal.LOGS, destination.name)
        self._end = threading.Event()
        self._metrics_at = 0.0
        self._not_before = 0.0
        self._pause = 0.0
        self._thread = threading.Thread(
            target=self._run, name=f"telemetry-{destination.name}", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def span(self, span: "ReadableSpan") -> None:
        if Signal.TRACES in self._destination.carries:
            self._spans.put(span)

    def record(self, record: "LogRecord") -> None:
        if Signal.LOGS in self._destination.carries:
            self._records.put(record)

    def close(self) -> None:
        """Send what is left, if that is quickly done."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(LAST_SECONDS)

    def _run(self) -> None:
        while not self._end.wait(ROUND_SECONDS):
            self.look(time.monotonic())
        self._not_before = 0.0 if self._pause == 0 else self._not_before
        self.look(time.monotonic())
        self._destination.close()

    def look(self, now: float) -> None:
        """Send all that waits, unless the destination is given time to come back."""
        if now < self._not_before:
            return
        try:
            answered = self._send_all(now)
        except Exception:
            # a fault of ours in telemetry must not end telemetry, and may come each second
            log.debug("own telemetry could not be sent", exc_info=True)
            self._spans.give_up()
            self._records.give_up()
            answered = True
        self._note(answered=answered, now=now)

    def _send_all(self, now: float) -> bool:
        while len(self._spans):
            if not self._spans.send(self._give_spans):
                return False
        while len(self._records):
            if not self._records.send(self._destination.logs):
                return False
        if Signal.METRICS in self._destination.carries and now >= self._metrics_at:
            if self._destination.metrics(self._numbers()) is Sent.AWAY:
                return False
            self._metrics_at = now + METRICS_SECONDS
        return True

    def _give_spans(self, spans: "Sequence[ReadableSpan]") -> Sent:
        """Cleaned here, where nobody waits for it."""
        from telemetry.own.spans import without_secrets  # noqa: PLC0415  only where spans are

        return self._destination.traces([without_secrets(span, self._redact) for span in spans])

    def _note(self, *, answered: bool, now: float) -> None:
        """Say once that it is away, and once that it is back."""
        name = self._destination.name
        if answered:
            if self._pause:
                log.info("own telemetry reaches %s again", name)
            self._pause = self._not_before = 0.0
            return
        if not self._pause:
            log.warning("own telemetry does not reach %s: what is more than fits is lost", name)
        self._pause = min(self._pause * 2, LONGEST_PAUSE) or FIRST_PAUSE
        self._not_before = now + self._pause


def close_all(outboxes: Sequence[Outbox]) -> None:
    for one in outboxes:
        with contextlib.suppress(Exception):
            one.close()
