"""The live graph: every edge soon, every request counted once."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.e2e.live_graph import LiveGraph
from tests.e2e.running import Running
from tests.e2e.shop import (
    CARRIER,
    CHECKOUT_EDGES,
    EGRESS,
    INGRESS,
    PAGE_EDGES,
    hop,
    service,
    workload,
)
from tests.e2e.waiting import eventually

SOON_SECONDS = 5.0
FLUSHED_SECONDS = 12.0


def test_every_edge_is_on_the_graph_within_5_s_of_its_first_traffic(
    mesh: Running, live: LiveGraph
) -> None:
    first_traffic = time.time()
    for product in ("kettle", "lamp", "knife"):
        assert all(a.status == 200 for a in mesh.ingress.burst(f"/product/{product}", 12, 4))
    eventually(
        "every edge of a page view is on the graph",
        lambda: live.edges.keys() >= PAGE_EDGES or fail_with(PAGE_EDGES, live),
        SOON_SECONDS,
    )
    assert max(live.first_seen[edge] for edge in PAGE_EDGES) - first_traffic < SOON_SECONDS

    buyer = {"cookie": "visitor=e2e", "content_type": "application/json"}
    for _ in range(3):
        buy(mesh, **buyer)
    eventually(
        "every edge of a checkout is on the graph",
        lambda: live.edges.keys() >= CHECKOUT_EDGES or fail_with(CHECKOUT_EDGES, live),
        SOON_SECONDS,
    )
    assert live.gaps == 0
    surplus = {e for e in live.edges if e not in PAGE_EDGES | CHECKOUT_EDGES}
    assert surplus == set()


def fail_with(wanted: frozenset[str], live: LiveGraph) -> bool:
    raise AssertionError(f"missing {sorted(wanted - live.edges.keys())}; has {sorted(live.edges)}")


def buy(mesh: Running, **headers: str) -> None:
    form = {**headers, "content_type": "application/x-www-form-urlencoded"}
    added = mesh.ingress.post_form("/cart", "product=lamp", **form)
    assert added.status == 303
    assert mesh.ingress.post("/checkout", **headers).status == 200


def test_edges_know_that_they_are_mutual_tls(mesh: Running, live: LiveGraph) -> None:
    def all_locked() -> bool:
        plain = {
            edge_id: edge["mtls_ratio"]
            for edge_id, edge in live.edges.items()
            if edge_id in PAGE_EDGES and edge["mtls_ratio"] < 1
        }
        assert plain == {}
        return True

    eventually("every edge inside the mesh is mutual TLS", all_locked, SOON_SECONDS)


def test_per_edge_totals_equal_what_the_generator_counted(mesh: Running) -> None:
    sent_before = mesh.visitors.pause()
    eventually("the graph rests", lambda: resting(mesh), within=20, every=0)
    edges_before = mesh.api.edges()
    mesh.visitors.rate(40)
    time.sleep(8)
    sent = difference(mesh.visitors.pause(), sent_before)
    assert sent["failed"] == 0
    assert sent["home"] >= 20
    assert sent["checkout"] >= 5
    wanted = expected(sent)

    def counted() -> bool:
        edges = mesh.api.edges()
        seen = {e: requests(edges, e) - requests(edges_before, e) for e in wanted}
        assert seen == wanted
        split = sum(
            requests(edges, e) - requests(edges_before, e)
            for e in (hop(service("reviews"), workload(f"reviews-{v}")) for v in ("v1", "v2", "v3"))
        )
        assert split == wanted[hop(workload("catalogue"), service("reviews"))]
        return True

    eventually("the graph has counted every request", counted, FLUSHED_SECONDS, every=0.5)


def resting(mesh: Running) -> bool:
    """Two readings, two seconds apart, are the same."""
    before = {i: e["requests_total"] for i, e in mesh.api.edges().items()}
    time.sleep(2)
    return before == {i: e["requests_total"] for i, e in mesh.api.edges().items()}


def requests(edges: Mapping[str, Any], edge: str) -> int:
    return int(edges[edge]["requests_total"]) if edge in edges else 0


def difference(after: Any, before: Any) -> Counter[str]:
    """Requests by route between two readings of the generator, and `failed` of all."""
    sent = Counter({r: c["sent"] for r, c in after["routes"].items()})
    sent.subtract({r: c["sent"] for r, c in before["routes"].items()})
    sent["failed"] = after["total"]["failed"] - before["total"]["failed"]
    return sent


def expected(sent: Counter[str]) -> dict[str, int]:
    """What the edges must have carried, from what each route calls (demo/README.md)."""
    pages = sent["home"] + sent["product"]
    all_routes = pages + sent["cart"] + sent["add"] + sent["checkout"]
    storefront, checkout = workload("storefront"), workload("checkout")
    bought = sent["checkout"]
    return {
        hop(INGRESS, service("storefront")): all_routes,
        hop(service("storefront"), storefront): all_routes,
        hop(storefront, service("catalogue")): pages,
        hop(service("catalogue"), workload("catalogue")): pages,
        hop(workload("catalogue"), service("reviews")): pages,
        hop(storefront, service("recommendations"), "grpc"): pages,
        hop(storefront, service("cart")): pages + sent["cart"] + sent["add"],
        hop(storefront, service("checkout")): bought,
        hop(checkout, service("cart")): 2 * bought,
        hop(service("cart"), workload("cart")): pages + sent["cart"] + sent["add"] + 2 * bought,
        hop(checkout, service("payments")): bought,
        hop(service("payments"), workload("payments-v1")): bought,
        hop(checkout, "service:istio-egress/istio-egressgateway"): bought,
        hop(EGRESS, CARRIER): bought,
    }
