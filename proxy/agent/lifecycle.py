"""What to do next with one pod, from what is known of it. Pure: the runner gathers and performs."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from topology.contracts import PodPhase, PodReport

SPREAD_SECONDS = 3.0
"""A pod that ends goes on serving until its callers have heard that it is not ready.

They hear within a tenth of a second; on a busy machine a second was not enough. A connection of
bytes, unlike a request, is not tried again at another pod.
"""

DRAIN_SECONDS = 5.0
"""How long a gateway that ends passes on what is under way, as Istio's `terminationDrainDuration`.

A sidecar stays as long as its application does.
"""

HOLD_SECONDS = 5.0
"""How long an application waits for its proxy; then it starts without (control may be away)."""

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 10.0


class Action(Enum):
    START_PROXY = auto()
    START_APP = auto()
    DRAIN = auto()
    STOP_APP = auto()
    STOP_PROXY = auto()
    FORGET = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One of a pod's two processes. `failures` are ends in a row that came too soon.

    Times are in seconds of one clock. `error` says why it could not even be started.
    """

    running: bool = False
    ready: bool = False
    starts: int = 0
    failures: int = 0
    ended_at: float | None = None
    status: int = 0
    error: str = ""

    @property
    def restarts(self) -> int:
        return max(self.starts - 1, 0)

    @property
    def pause_seconds(self) -> float:
        if self.failures == 0:
            return 0.0
        return float(min(FIRST_PAUSE_SECONDS * 2 ** (self.failures - 1), LONGEST_PAUSE_SECONDS))

    def due(self, now: float) -> bool:
        """Whether it should be started (again) now."""
        if self.running:
            return False
        return self.ended_at is None or now >= self.ended_at + self.pause_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that decides. A process that the pod does not have is None."""

    now: float
    began_at: float
    app: Process | None
    proxy: Process | None
    terminating_since: float | None = None
    drained: bool = False


def decide(facts: Facts) -> Iterator[Action]:
    """The actions that are due now; none when there is only waiting to do."""
    if facts.terminating_since is not None:
        yield from _end(facts, facts.terminating_since)
        return
    if facts.proxy is not None and facts.proxy.due(facts.now):
        yield Action.START_PROXY
    if facts.app is not None and facts.app.due(facts.now) and _may_start_app(facts):
        yield Action.START_APP


def _end(facts: Facts, since: float) -> Iterator[Action]:
    """First the word spreads, then the application ends, then the proxy it may still need."""
    app = facts.app is not None and facts.app.running
    proxy = facts.proxy is not None and facts.proxy.running
    if not app and not proxy:
        yield Action.FORGET
    elif facts.now < since + (DRAIN_SECONDS if facts.app is None else SPREAD_SECONDS):
        if proxy and not facts.drained:
            yield Action.DRAIN
    elif app:
        yield Action.STOP_APP
    else:
        yield Action.STOP_PROXY


def _may_start_app(facts: Facts) -> bool:
    if facts.proxy is None or facts.proxy.ready:
        return True
    return facts.now >= facts.began_at + HOLD_SECONDS


def report(uid: str, facts: Facts) -> PodReport:
    """What control is told of the pod."""
    processes = [p for p in (facts.app, facts.proxy) if p is not None]
    ready = bool(processes) and all(p.running and p.ready for p in processes)
    return PodReport(
        uid=uid,
        phase=_phase(facts, processes),
        ready=ready and facts.terminating_since is None,
        restarts=facts.app.restarts if facts.app else 0,
        proxy_restarts=facts.proxy.restarts if facts.proxy else 0,
        message=_message(facts),
    )


def _phase(facts: Facts, processes: list[Process]) -> PodPhase:
    if facts.terminating_since is not None:
        return PodPhase.TERMINATING
    if any(p.error for p in processes):
        return PodPhase.FAILED
    started = all(p.starts > 0 for p in processes)
    return PodPhase.RUNNING if started else PodPhase.PENDING


def _message(facts: Facts) -> str:
    """The trouble of the moment; "" while all is well."""
    for name, process in (("application", facts.app), ("Envoy", facts.proxy)):
        if process is None:
            continue
        if process.error:
            return f"the {name} cannot be started: {process.error}"
        if not process.running and process.ended_at is not None:
            return f"the {name} ended with {_how(process.status)}"
        if process.running and not process.ready and process.starts > 1:
            return f"the {name} was started again and is not ready yet"
    return ""


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"
