"""Waiting for a revision to reach its proxies, without asking again and again."""

import threading
import time

from routing import broker
from routing.contracts import RevisionState
from routing.models import Revision
from telemetry.contracts import Channel

LONGEST_SECONDS = 60.0
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


def await_final(number: int, seconds: float) -> RevisionState | None:
    """The revision's state once it is final, or when time is out (at most a minute).

    Subscribes first, reads then, so that no news falls between. None if there is no such revision.
    """
    deadline = time.monotonic() + min(seconds, LONGEST_SECONDS)
    if seconds <= 0 or not WAITERS.acquire(blocking=False):
        return state_of(number)
    try:
        with broker.listening(Channel.CONVERGENCE) as ear:
            while True:
                state = state_of(number)
                left = deadline - time.monotonic()
                if state is None or state in FINAL or left <= 0:
                    return state
                _hear(ear, number, deadline)
    finally:
        WAITERS.release()


def _hear(ear: broker.Ear, number: int, deadline: float) -> None:
    """Return when there may be news of this revision: of it, or of one that carries it on."""
    while (left := deadline - time.monotonic()) > 0:
        message = ear.wait(left)
        if message is None or int(message.get("revision", 0)) >= number:
            return


def state_of(number: int) -> RevisionState | None:
    state = Revision.objects.filter(number=number).values_list("state", flat=True).first()
    return None if state is None else RevisionState(state)
