"""Waiting for a revision to reach its proxies, without asking again and again."""

import threading
import time
from collections.abc import Callable

from routing import broker
from routing.contracts import RevisionState
from routing.models import Revision
from telemetry.contracts import Channel
from telemetry.own.tracing import tracer

LONGEST_SECONDS = 60.0
NAMING_SECONDS = 5.0
WAITERS = threading.BoundedSemaphore(8)
"""A waiter holds a worker of the web: half of them stay free for everyone else."""

FINAL = frozenset(
    {
        RevisionState.CONVERGED,
        RevisionState.PARTIAL,
        RevisionState.REJECTED,
        RevisionState.SUPERSEDED,
    }
)


@tracer.start_as_current_span("wait until converged")
def await_final(number: int, seconds: float) -> RevisionState | None:
    """The revision's state once it is final, or when time is out (at most a minute).

    Subscribes first, reads then, so that no news falls between. None if there is no such revision.
    """
    if seconds <= 0 or not WAITERS.acquire(blocking=False):
        return state_of(number)
    try:
        _until(lambda: state_of(number) in (*FINAL, None), number, min(seconds, LONGEST_SECONDS))
    finally:
        WAITERS.release()
    return state_of(number)


def await_culprit(number: int) -> None:
    """Return when it is known which resource made a proxy refuse the revision, or soon anyhow.

    The refusal is reported at once, the resource is named by the revision that takes it back.
    """
    _until(lambda: _is_taken_back(number), number, NAMING_SECONDS)


def _is_taken_back(number: int) -> bool:
    return Revision.objects.filter(reverts=number, system=True).exists()


def _until(done: Callable[[], bool], number: int, seconds: float) -> None:
    """Look, and look again after each piece of news, until it is done or time is out."""
    deadline = time.monotonic() + seconds
    with broker.listening(Channel.CONVERGENCE) as ear:
        while not done() and time.monotonic() < deadline:
            _hear(ear, number, deadline)


def _hear(ear: broker.Ear, number: int, deadline: float) -> None:
    """Return when there may be news of this revision: of it, or of one that carries it on."""
    while (left := deadline - time.monotonic()) > 0:
        message = ear.wait(left)
        if message is None or int(message.get("revision", 0)) >= number:
            return


def state_of(number: int) -> RevisionState | None:
    state = Revision.objects.filter(number=number).values_list("state", flat=True).first()
    return None if state is None else RevisionState(state)
