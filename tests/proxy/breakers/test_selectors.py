"""What proxies count and eject, joined with who runs and under which policy."""

from proxy.breakers.selectors import Told, on_edges, standings
from proxy.breakers.state import State
from routing.facade import BreakerPolicy
from routing.ir import ConnectionLimits, OutlierDetection
from tests.routing.mesh import documents, registry, service
from topology.contracts import EdgeBreaker

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


def test_an_edge_has_the_worst_of_its_caller_s_breakers() -> None:
    client, reviews = SHOP.pods
    other = CLUSTER.replace("v1", "")
    turns = {"closed": [], "half-open": [(94.0, True), (104.5, False)], "open": [(100.0, True)]}
    seen = {}
    for state, history in turns.items():
        told = Told(
            {("shop", client.name): {other: {}, CLUSTER: {}}},
            {(client.uid, CLUSTER): [(f"{reviews.address}:8080", history)]},
        )
        broken = [s for s in standings(told, SHOP, lambda *_: POLICY, 105) if s.breaker.since]
        seen[state] = on_edges(broken)
    ends = ("workload:shop/client-v1", "service:shop/reviews")
    assert seen == {
        "closed": {},
        "half-open": {ends: EdgeBreaker(state="half-open", since=104.5, until=105.5)},
        "open": {
            ends: EdgeBreaker(state="open", since=100.0, until=110.0, ejected=(reviews.name,))
        },
    }


def test_pods_that_are_gone_and_clusters_that_are_none_are_forgotten() -> None:
    told = Told(
        {("shop", "gone-1"): {CLUSTER: {}}, ("shop", SHOP.pods[0].name): {"otel": {}}},
        {("gone", CLUSTER): [("127.0.0.1:1", [(100.0, True)])]},
    )
    assert standings(told, SHOP, lambda *_: POLICY, 105) == ()
