"""One traffic, drawn as workloads, apps, versions and services."""

import pytest

from telemetry.contracts import EdgeKey
from telemetry.totals import EdgeTotals
from tests.topology.graph.test_build import pod, service, workload
from tests.topology.graph.traffic_values import NOW, key, requests
from topology.contracts import Graph, GraphType, NodeKind, Registry
from topology.graph.past import stored_graph

REGISTRY = Registry(
    services=(service("web"), service("reviews")),
    workloads=(workload("web-v1"), workload("reviews-v1"), workload("reviews-v2", 2)),
    pods=(pod("web-v1"), pod("reviews-v1"), pod("reviews-v2")),
)


def to(target: str, service_name: str, source: str = "web-v1") -> EdgeKey:
    host = f"{service_name}.shop.svc.cluster.local"
    return key(source, target, destination_service=host)


EDGES = EdgeTotals.of(
    (
        (key("edge", "web-v1", destination_service="web.shop.svc.cluster.local"), requests(60)),
        (to("reviews-v1", "reviews"), requests(30)),
        (to("reviews-v2", "reviews"), requests(60)),
    )
)


def drawn(graph_type: GraphType, *, now: bool = False) -> Graph:
    return stored_graph(EDGES, REGISTRY, NOW, 60, graph_type, now=now)


def calls(graph: Graph) -> dict[str, float]:
    return {edge.id: edge.requests_per_second for edge in graph.edges}


@pytest.mark.parametrize(
    ("graph_type", "wanted"),
    [
        (
            GraphType.WORKLOAD,
            {
                "service:shop/reviews->workload:shop/reviews-v1|http": 0.5,
                "service:shop/reviews->workload:shop/reviews-v2|http": 1.0,
                "service:shop/web->workload:shop/web-v1|http": 1.0,
                "workload:shop/edge->service:shop/web|http": 1.0,
                "workload:shop/web-v1->service:shop/reviews|http": 1.5,
            },
        ),
        (
            GraphType.APP,
            {
                "app:shop/edge->service:shop/web|http": 1.0,
                "app:shop/web->service:shop/reviews|http": 1.5,
                "service:shop/reviews->app:shop/reviews|http": 1.5,
                "service:shop/web->app:shop/web|http": 1.0,
            },
        ),
        (
            GraphType.VERSIONED_APP,
            {
                "app:shop/edge->service:shop/web|http": 1.0,
                "app:shop/web v1->service:shop/reviews|http": 1.5,
                "service:shop/reviews->app:shop/reviews v1|http": 0.5,
                "service:shop/reviews->app:shop/reviews v2|http": 1.0,
                "service:shop/web->app:shop/web v1|http": 1.0,
            },
        ),
        (
            GraphType.SERVICE,
            {
                "service:shop/web->service:shop/reviews|http": 1.5,
                "workload:shop/edge->service:shop/web|http": 1.0,
            },
        ),
    ],
)
def test_each_type_has_its_own_nodes(graph_type: GraphType, wanted: dict[str, float]) -> None:
    found = drawn(graph_type)
    assert calls(found) == wanted
    ends = {end for edge in found.edges for end in (edge.source, edge.target)}
    assert {node.id for node in found.nodes} == ends


def test_an_app_has_the_pods_of_its_workloads() -> None:
    nodes = {node.id: node for node in drawn(GraphType.APP, now=True).nodes}
    reviews = nodes["app:shop/reviews"]
    assert (reviews.kind, reviews.pods_ready, reviews.pods_desired) == (NodeKind.APP, 2, 3)


def test_of_a_time_gone_by_no_pods_are_counted() -> None:
    assert {(n.pods_ready, n.pods_desired) for n in drawn(GraphType.APP).nodes} == {(0, 0)}
