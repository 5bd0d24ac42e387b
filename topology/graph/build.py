"""The graph of one moment: appenders run in order over a draft."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from topology.contracts import Graph, Registry
from topology.graph.calls import Calls, fusing
from topology.graph.dead import dead
from topology.graph.draft import Appender, Context, Draft
from topology.graph.known import known
from topology.graph.replicas import replicas
from topology.graph.traffic import traffic
from topology.graph.verdicts import verdicts
from topology.graph.window import Window

STANDARD: tuple[Appender, ...] = (
    traffic,
    known,  # after traffic: adds only what traffic did not
    replicas,  # after known: counts pods for idle nodes too
    verdicts,  # after replicas: judges by traffic and pods
)


def live(calls: Iterable[Calls], seconds: float) -> tuple[Appender, ...]:
    """Of now, with what spans told of so many seconds."""
    return (traffic, known, dead, replicas, fusing(calls, seconds), verdicts)


def past(calls: Iterable[Calls], *, now: bool = False) -> tuple[Appender, ...]:
    """Of a time gone by: nobody knows any more how many pods were ready."""
    pods = (replicas,) if now else ()
    return (traffic, known, dead, *pods, fusing(calls), verdicts)  # verdicts judge what spans add


def build(
    window: Window,
    registry: Registry,
    now: float,
    window_seconds: int,
    appenders: tuple[Appender, ...] = STANDARD,
) -> Graph:
    """The graph over the last `window_seconds` before `now` (Unix seconds); sorted by id."""
    totals = window.totals(now, window_seconds)
    return drawn(Context.of(now, window_seconds, totals, registry), appenders)


def drawn(context: Context, appenders: tuple[Appender, ...]) -> Graph:
    """What the appenders make of it, in their order."""
    draft = Draft()
    with _uncollected():
        for append in appenders:
            append(draft, context)
        return draft.finished(context)


@contextmanager
def _uncollected() -> Iterator[None]:
    """A graph has thousands of values and no cycles: looking for some takes as long as the graph."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
