"""Whoever makes telemetry never waits for it; what is lost is counted; a fault is said once."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from telemetry.own.measures import DROPPED, SENT
from telemetry.own.outbox import MOST_WAITING, Outbox, Sent, Signal
from telemetry.own.redaction import Redaction


class Door:
    """A destination that answers as it is told."""

    carries = frozenset(Signal)

    def __init__(self, name: str) -> None:
        self.name = name
        self.answer = Sent.TAKEN
        self.got: list[Any] = []
        self.asked = 0

    def traces(self, spans: Sequence[Any]) -> Sent:
        return self._take(spans)

    def logs(self, records: Sequence[Any]) -> Sent:
        return self._take(records)

    def metrics(self, request: bytes) -> Sent:
        del request
        return self.answer

    def close(self) -> None: ...

    def _take(self, some: Sequence[Any]) -> Sent:
        self.asked += 1
        if self.answer is Sent.TAKEN:
            self.got += some
        return self.answer


def lost(door: Door) -> float:
    return float(DROPPED.labels(Signal.TRACES, door.name)._value.get())


def test_what_waits_is_kept_until_the_door_opens_and_what_does_not_fit_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    door = Door("kept")
    outbox = Outbox(door, bytes)
    door.answer = Sent.AWAY
    spans = [ReadableSpan(f"span {number}") for number in range(MOST_WAITING + 10)]
    with caplog.at_level(logging.INFO, "telemetry.own"):
        for span in spans:
            outbox.span(span)
        for second in (0.0, 1.5, 4.0, 9.0):
            outbox.look(second)
        door.answer = Sent.TAKEN
        outbox.look(100.0)
    assert door.got == spans[:MOST_WAITING]
    assert lost(door) == 10
    assert SENT.labels(Signal.TRACES, "kept")._value.get() == MOST_WAITING
    assert [record.message for record in caplog.records] == [
        "own telemetry does not reach kept: what is more than fits is lost",
        "own telemetry reaches kept again",
    ]


def test_a_door_that_is_away_is_asked_less_and_less_often() -> None:
    door = Door("seldom")
    door.answer = Sent.AWAY
    outbox = Outbox(door, bytes)
    outbox.span(ReadableSpan("one"))
    asked = []
    for second in range(100):
        before = door.asked
        outbox.look(float(second))
        if door.asked > before:
            asked.append(second)
    assert asked == [0, 1, 3, 7, 15, 31, 61, 91]


def test_what_a_door_refuses_is_not_sent_again() -> None:
    door = Door("strict")
    door.answer = Sent.REFUSED
    outbox = Outbox(door, bytes)
    outbox.span(ReadableSpan("bad"))
    outbox.look(0.0)
    door.answer = Sent.TAKEN
    outbox.look(10.0)
    assert (door.got, lost(door)) == ([], 1)


def test_no_secret_leaves_in_a_span() -> None:
    door = Door("clean")
    outbox = Outbox(door, bytes, Redaction(["s3cr3t-of-this-host"]))
    given: dict[str, str | int] = {
        "url.query": "token=abcdefgh&x=1",
        "said": "s3cr3t-of-this-host",
        "count": 3,
    }
    outbox.span(ReadableSpan("asked", attributes=given))
    outbox.look(0.0)
    assert [dict(span.attributes or {}) for span in door.got] == [
        {"url.query": "token=[hidden]&x=1", "said": "[hidden]", "count": 3}
    ]
