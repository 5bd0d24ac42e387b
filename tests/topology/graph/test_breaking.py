"""A breaker that is not closed is shown on the edge whose requests it turns away, and only there."""

from topology.contracts import EdgeBreaker, GraphEdge, Registry
from topology.graph.breaking import breaking
from topology.graph.draft import Context, Draft
from topology.graph.window import Window

OPEN = EdgeBreaker(state="open", since=90.0, until=120.0, ejected=("prices-1",))
CALLER, SERVICE = "workload:shop/cart", "service:shop/prices"


def edge(source: str, target: str, protocol: str = "http") -> GraphEdge:
    name = f"{source}->{target}|{protocol}"
    return GraphEdge(id=name, source=source, target=target, protocol=protocol)


def test_the_edges_from_caller_to_service_bear_it() -> None:
    ours, grpc = edge(CALLER, SERVICE), edge(CALLER, SERVICE, "grpc")
    other = edge("workload:shop/web", SERVICE)
    draft = Draft(edges={one.id: one for one in (ours, grpc, other)})
    breakers = {(CALLER, SERVICE): OPEN, (CALLER, "service:shop/gone"): OPEN}
    context = Context.of(100, 60, Window().totals(100, 60), Registry())
    breaking(breakers)(draft, context)
    assert list(draft.edges.values()) == [
        ours._replace(breaker=OPEN),
        grpc._replace(breaker=OPEN),
        other,
    ]
