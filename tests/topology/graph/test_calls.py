"""Edges say whether metrics, spans or both saw them."""

from telemetry.totals import EdgeTotals
from tests.topology.graph.test_build import service, workload
from tests.topology.graph.traffic_values import NOW, key, requests
from topology.contracts import Graph, Health, NodeKind, Registry
from topology.graph.calls import Calls
from topology.graph.past import stored_graph

REGISTRY = Registry(
    services=(service("web"), service("reviews")),
    workloads=(workload("web-v1"), workload("reviews-v1")),
)
CALL = key("web-v1", "reviews-v1", destination_service="reviews.shop.svc.cluster.local")


def drawn(*calls: Calls) -> Graph:
    return stored_graph(EdgeTotals.of([(CALL, requests(60))]), REGISTRY, NOW, 60, calls=calls)


def seen(graph: Graph) -> dict[str, tuple[str, ...]]:
    return {edge.id: edge.seen_by for edge in graph.edges}


def test_what_both_saw_is_one_edge() -> None:
    assert seen(drawn(Calls(parent="web", child="reviews", calls=3))) == {
        "service:shop/reviews->workload:shop/reviews-v1|http": ("metrics", "traces"),
        "workload:shop/web-v1->service:shop/reviews|http": ("metrics", "traces"),
    }


def test_what_no_span_told_is_of_metrics_alone() -> None:
    assert set(seen(drawn()).values()) == {("metrics",)}


def test_what_only_spans_saw_is_drawn_and_judged() -> None:
    graph = drawn(Calls(parent="reviews", child="postgres", calls=60, errors=30, p95_ms=4.0))
    edge = next(one for one in graph.edges if one.protocol == "traces")
    assert (edge.id, edge.seen_by) == (
        "workload:shop/reviews-v1->external:/postgres|traces",
        ("traces",),
    )
    assert (edge.requests_per_second, edge.error_ratio, edge.p95_ms, edge.health) == (
        1.0,
        0.5,
        4.0,
        Health.FAILING,
    )
    postgres = next(node for node in graph.nodes if node.name == "postgres")
    assert (postgres.kind, postgres.health) == (NodeKind.EXTERNAL, Health.FAILING)
