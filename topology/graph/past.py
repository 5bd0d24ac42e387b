"""The graph of any time, from counts that the store summed."""

from collections.abc import Sequence

from telemetry.totals import EdgeTotals
from topology.contracts import Graph, GraphType, Registry
from topology.graph.build import drawn, past
from topology.graph.calls import Calls
from topology.graph.draft import Appender, Context
from topology.graph.window import Totals


def stored_graph(
    edges: EdgeTotals,
    registry: Registry,
    at: float,
    window_seconds: int,
    graph_type: GraphType = GraphType.WORKLOAD,
    calls: Sequence[Calls] = (),
    *,
    now: bool = False,
    also: tuple[Appender, ...] = (),
) -> Graph:
    """`edges` and `calls` counted within `window_seconds` before `at`.

    What runs is taken to be what runs now; pods are counted only where `at` is `now`. `also` run last.
    """
    totals = Totals.stored(edges, window_seconds)
    context = Context.of(at, window_seconds, totals, registry, graph_type)
    return drawn(context, (*past(calls, now=now), *also))
