"""The graph of any time and window, as the store remembers it."""

import time

from telemetry.facade import edge_totals
from topology.contracts import Graph, GraphType
from topology.graph.calls import Calls
from topology.graph.draft import Appender
from topology.graph.past import stored_graph
from topology.selectors import registry
from tracing.asking import asked
from tracing.dependencies import dependencies

PRESENT_SECONDS = 30
"""So near to now, what runs now is what ran then."""


def graph_at(
    at: float,
    window_seconds: int,
    graph_type: GraphType,
    *,
    own: bool = False,
    also: tuple[Appender, ...] = (),
) -> Graph:
    """The traffic of the `window_seconds` before `at` (Unix seconds). Raises Refusal (503).

    `own`: with what Meshweb's processes tell of their calls to one another. `also` run last.
    """
    start = at - window_seconds
    edges = asked(lambda _: edge_totals(start, at))
    calls = calls_between(start, at, own=own)
    now = time.time() - at < PRESENT_SECONDS
    return stored_graph(
        edges, registry(), at, window_seconds, graph_type, calls, now=now, also=also
    )


def calls_between(start: float, end: float, *, own: bool = False) -> tuple[Calls, ...]:
    """What spans that began in that time (Unix seconds) tell. Raises Refusal (503)."""
    told = asked(
        lambda store: dependencies(
            store, start_ns=_nanoseconds(start), end_ns=_nanoseconds(end), own=own
        )
    )
    return tuple(
        Calls(
            parent=one.parent,
            child=one.child,
            calls=one.calls,
            errors=one.errors,
            p50_ms=one.p50_ns / 1e6,
            p95_ms=one.p95_ns / 1e6,
            p99_ms=one.p99_ns / 1e6,
        )
        for one in told
    )


def _nanoseconds(seconds: float) -> int:
    return round(max(0.0, seconds) * 1e9)
