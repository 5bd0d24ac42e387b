"""What has traffic and no pods any more is marked; what merely rests is not."""

import pytest

from tests.topology.graph.test_build import service, workload
from tests.topology.graph.traffic_values import NOW, filled, key, requests
from topology.contracts import Registry
from topology.graph.build import build, live

GONE = key("web-v1", "reviews-v1", destination_service="reviews.shop.svc.cluster.local")


def badges(registry: Registry) -> dict[str, tuple[str, ...]]:
    window = filled(((GONE, requests(6)),))
    graph = build(window, registry, NOW, 60, live((), 60))
    return {node.name: node.badges for node in graph.nodes if node.kind == "workload"}


@pytest.mark.parametrize("left", [(), (workload("reviews-v1", 0),)])
def test_a_workload_without_pods_that_was_called_is_dead(left: tuple[()]) -> None:
    workloads = (workload("web-v1"), workload("idle-v1", 0), *left)
    registry = Registry(services=(service("reviews"),), workloads=workloads)
    assert badges(registry) == {"web-v1": (), "reviews-v1": ("dead",), "idle-v1": ()}


def test_while_nothing_is_known_of_what_runs_nothing_is_dead() -> None:
    assert badges(Registry()) == {"web-v1": (), "reviews-v1": ()}
