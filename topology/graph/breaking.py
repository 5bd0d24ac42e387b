"""Appender: the circuit breakers that are not closed, on the edges whose requests they turn away."""

from collections.abc import Mapping

from topology.contracts import EdgeBreaker
from topology.graph.draft import Appender, Context, Draft


def breaking(breakers: Mapping[tuple[str, str], EdgeBreaker]) -> Appender:
    """`breakers` by the ids of caller and service; where no traffic is, there is no edge to bear one."""

    def breaks(draft: Draft, _context: Context) -> None:
        if not breakers:
            return
        for edge in tuple(draft.edges.values()):
            found = breakers.get((edge.source, edge.target))
            if found is not None:
                draft.edges[edge.id] = edge._replace(breaker=found)

    return breaks
