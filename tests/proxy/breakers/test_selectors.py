"""What proxies count and eject, joined with who runs and under which policy."""

from proxy.breakers.selectors import Told, standings
from proxy.breakers.state import State
from routing.facade import BreakerPolicy
from routing.ir import ConnectionLimits, OutlierDetection
from tests.routing.mesh import documents, registry, service

SHOP = registry(documents("\n---\n".join(service(name) for name in ("client", "reviews"))))
CLUSTER = "outbound|80|v1|reviews.shop.svc.cluster.local"
POLICY = BreakerPolicy(
    outlier=OutlierDetection(interval_ms=1000, base_ejection_ms=10_000),
    limits=ConnectionLimits(max_requests=5),
    source="DestinationRule shop/reviews",
)


def test_a_breaker_names_its_source_its_destination_and_the_endpoints_pods() -> None:
    client, reviews = SHOP.pods
    endpoint = f"{reviews.address}:8080"
    told = Told(
        {("shop", client.name): {CLUSTER: {"membership_healthy": 0.0, "membership_total": 1.0}}},
        {(client.uid, CLUSTER): [(endpoint, [(100.0, True)])]},
    )
    (found,) = standings(told, SHOP, lambda *_: POLICY, 105)
    assert (found.pod, found.namespace, found.service) == (client, "shop", "reviews")
    assert (found.port, found.subset) == (80, "v1")
    assert (found.breaker.state, found.breaker.refusing) == (State.OPEN, True)
    assert (found.breaker.since, found.breaker.until) == (100, 110)
    assert found.pods[reviews.address] == reviews.name
    assert [(one.name, one.most, one.reached) for one in found.limits] == [("requests", 5, False)]


def test_pods_that_are_gone_and_clusters_that_are_none_are_forgotten() -> None:
    told = Told(
        {("shop", "gone-1"): {CLUSTER: {}}, ("shop", SHOP.pods[0].name): {"otel": {}}},
        {("gone", CLUSTER): [("127.0.0.1:1", [(100.0, True)])]},
    )
    assert standings(told, SHOP, lambda *_: POLICY, 105) == ()
