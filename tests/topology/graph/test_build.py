"""Graphs of small meshes, as whole values."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from telemetry.contracts import EdgeCount, EdgeKey, EdgeSecond
from tests.topology.graph.traffic_values import NOW, Edges, filled, inbound, key, requests, tcp
from topology.contracts import (
    Graph,
    GraphEdge,
    GraphNode,
    Health,
    NodeKind,
    Pod,
    PodPhase,
    Registry,
    Service,
    Workload,
)
from topology.graph.build import build
from topology.graph.draft import Context, Draft
from topology.graph.known import known
from topology.graph.window import Window


def workload(name: str, replicas: int = 1, *, gateway: bool = False) -> Workload:
    return Workload(
        namespace="shop",
        name=name,
        labels=(("app", name.partition("-")[0]), ("version", name.partition("-")[2] or "v1")),
        replicas=replicas,
        gateway=gateway,
    )


def service(name: str) -> Service:
    return Service(namespace="shop", name=name, selector=(("app", name),))


def pod(workload: str, *, ready: bool = True, phase: PodPhase = PodPhase.RUNNING) -> Pod:
    return Pod(
        namespace="shop", name=f"{workload}-x", uid="", workload=workload, replica_set="",
        labels=(), service_account="default", node="", address="", app_address="",
        outbound_address="", ready=ready, phase=phase,
    )  # fmt: skip


def graph(*edges: tuple[EdgeKey, EdgeCount], registry: Registry | None = None) -> Graph:
    """One second of these edges, so that totals are rates."""
    return build(filled(edges), registry or Registry(), NOW, 60)


def edge_ids(found: Graph) -> list[str]:
    return [one.id for one in found.edges]


def test_a_call_passes_the_service() -> None:
    found = graph(
        (key("cart", "prices"), requests(9, le10=5, le25=4)),
        (key("cart", "prices", "503"), requests(1, le50=1)),
        (inbound("cart", "prices"), requests(9)),
        registry=Registry(
            services=(service("prices"),),
            workloads=(workload("cart"), workload("prices", 2)),
            pods=(pod("cart"), pod("prices"), pod("prices", ready=False)),
        ),
    )
    edge = GraphEdge(
        id="workload:shop/cart->service:shop/prices|http",
        source="workload:shop/cart",
        target="service:shop/prices",
        protocol="http",
        requests_per_second=10.0,
        requests_total=10,
        error_ratio=0.1,
        p50_ms=10.0,
        p95_ms=37.5,
        p99_ms=47.5,
        mtls_ratio=1.0,
        responses=(("200", 9.0), ("503", 1.0)),
        health=Health.FAILING,
    )
    caller = GraphNode(
        id="workload:shop/cart",
        kind=NodeKind.WORKLOAD,
        namespace="shop",
        name="cart",
        app="cart",
        version="v1",
        health=Health.FAILING,
        pods_ready=1,
        pods_desired=1,
        requests_per_second=10.0,
        error_ratio=0.1,
    )
    assert replace(found, edges=tuple(_rounded(one) for one in found.edges)) == Graph(
        at=NOW,
        window_seconds=60,
        nodes=(
            caller._replace(
                id="service:shop/prices", kind=NodeKind.SERVICE, name="prices",
                app="prices", version="", pods_desired=2,
            ),
            caller,
            caller._replace(id="workload:shop/prices", name="prices", app="prices", pods_desired=2),
        ),
        edges=(
            edge._replace(
                id="service:shop/prices->workload:shop/prices|http",
                source="service:shop/prices", target="workload:shop/prices",
            ),
            edge,
        ),
    )  # fmt: skip


def _rounded(edge: GraphEdge) -> GraphEdge:
    def digits(ms: float | None) -> float | None:
        return None if ms is None else round(ms, 6)

    return edge._replace(
        p50_ms=digits(edge.p50_ms), p95_ms=digits(edge.p95_ms), p99_ms=digits(edge.p99_ms)
    )


def test_versions_of_a_service_are_workloads_behind_it() -> None:
    found = graph(
        (key("page", "reviews", destination_workload="reviews-v1"), requests(90)),
        (key("page", "reviews", destination_workload="reviews-v2"), requests(10)),
    )
    assert {one.id: one.requests_total for one in found.edges} == {
        "workload:shop/page->service:shop/reviews|http": 100,
        "service:shop/reviews->workload:shop/reviews-v1|http": 90,
        "service:shop/reviews->workload:shop/reviews-v2|http": 10,
    }


def test_an_idle_open_connection_is_an_edge_and_no_stranger() -> None:
    plain = {"protocol": "tcp", "code": "", "security": "none"}
    found = graph(
        (key("checkout", "store", **plain), tcp(still_open=2)),
        (inbound("unknown", "store", **plain), tcp(still_open=2)),
    )
    assert [(one.id, one.connections_open, one.mtls_ratio) for one in found.edges] == [
        ("service:shop/store->workload:shop/store|tcp", 2, 0.0),
        ("workload:shop/checkout->service:shop/store|tcp", 2, 0.0),
    ]


def test_tcp_passes_the_service_too_and_counts_bytes() -> None:
    found = graph(
        (
            key("checkout", "store", protocol="tcp", code=""),
            tcp(opened=2, sent=300, received=50, still_open=2),
        ),
    )
    assert [
        (
            one.id, one.requests_total, one.bytes_sent_per_second, one.bytes_received_per_second,
            one.connections_open, one.mtls_ratio, one.health, one.responses, one.p50_ms,
        )
        for one in found.edges
    ] == [
        ("service:shop/store->workload:shop/store|tcp", 0, 300.0, 50.0, 2, 1.0, "healthy", (), None),
        ("workload:shop/checkout->service:shop/store|tcp", 0, 300.0, 50.0, 2, 1.0, "healthy", (), None),
    ]  # fmt: skip
    assert {node.health for node in found.nodes} == {Health.HEALTHY}


def test_a_gateway_is_a_gateway() -> None:
    found = graph(
        (key("ingress", "page"), requests(1)),
        registry=Registry(workloads=(workload("ingress", gateway=True),)),
    )
    assert edge_ids(found) == [
        "gateway:shop/ingress->service:shop/page|http",
        "service:shop/page->workload:shop/page|http",
    ]


def test_a_host_outside_is_external() -> None:
    outside = {
        "destination_service": "api.example.com",
        "destination_service_namespace": "unknown",
        "destination_workload": "unknown",
        "destination_namespace": "unknown",
    }
    found = graph((key("egress", "", **outside), requests(1)))
    assert edge_ids(found) == ["workload:shop/egress->external:/api.example.com|http"]


def test_a_service_without_a_healthy_host_ends_the_path() -> None:
    found = graph(
        (key("cart", "prices", "503", destination_workload="unknown", flags="UH"), requests(1))
    )
    assert edge_ids(found) == ["workload:shop/cart->service:shop/prices|http"]
    assert [one.health for one in found.edges] == [Health.FAILING]


def test_a_request_without_a_route_goes_nowhere_known() -> None:
    nowhere = {"destination_service": "unknown", "destination_workload": "unknown"}
    found = graph((key("ingress", "", "404", **nowhere), requests(1)))
    assert edge_ids(found) == ["workload:shop/ingress->unknown:/unknown|http"]


def test_an_unknown_caller_has_a_node() -> None:
    found = graph((inbound("unknown", "prices", security="none"), requests(2)))
    assert edge_ids(found) == [
        "service:shop/prices->workload:shop/prices|http",
        "unknown:/unknown->service:shop/prices|http",
    ]
    assert {one.mtls_ratio for one in found.edges} == {0.0}


def test_no_response_and_grpc_statuses_are_errors() -> None:
    found = graph(
        (key("a", "b"), requests(8)),
        (key("a", "b", "0", flags="DC"), requests(2)),
        (key("a", "c", "0", protocol="grpc"), requests(3)),
        (key("a", "c", "14", protocol="grpc"), requests(1)),
    )
    assert {one.id: one.error_ratio for one in found.edges if one.source == "workload:shop/a"} == {
        "workload:shop/a->service:shop/b|http": 0.2,
        "workload:shop/a->service:shop/c|grpc": 0.25,
    }


def test_what_is_idle_is_on_the_graph() -> None:
    found = graph(
        registry=Registry(
            services=(service("prices"),),
            workloads=(workload("ingress", gateway=True), workload("prices", 2), workload("sick")),
            pods=(pod("ingress"), pod("prices"), pod("prices")),
        )
    )
    assert [(node.id, node.health, node.pods_ready, node.pods_desired) for node in found.nodes] == [
        ("gateway:shop/ingress", Health.IDLE, 1, 1),
        ("service:shop/prices", Health.IDLE, 2, 2),
        ("workload:shop/prices", Health.IDLE, 2, 2),
        ("workload:shop/sick", Health.FAILING, 0, 1),
    ]


def test_a_pod_on_its_way_out_is_not_ready() -> None:
    found = graph(
        registry=Registry(
            workloads=(workload("prices"),), pods=(pod("prices", phase=PodPhase.TERMINATING),)
        )
    )
    assert [node.pods_ready for node in found.nodes] == [0]


def test_an_appender_of_another_app_adds_its_facts() -> None:
    def routed(draft: Draft, _context: Context) -> None:
        for node in draft.nodes.values():
            node.badges = (*node.badges, "routed")

    found = build(filled(((key("a", "b"), requests(1)),)), Registry(), NOW, 60, (routed,))
    assert found.nodes == ()
    found = build(Window(), Registry(services=(service("b"),)), NOW, 60, (known, routed))
    assert [node.badges for node in found.nodes] == [("routed",)]


CALLS = (
    ("ingress", "storefront", ""), ("storefront", "catalogue", ""), ("storefront", "cart", ""),
    ("storefront", "checkout", ""), ("catalogue", "reviews", "-v1"), ("catalogue", "reviews", "-v2"),
    ("catalogue", "reviews", "-v3"), ("reviews-v2", "ratings", ""), ("reviews-v3", "ratings", ""),
    ("checkout", "payments", "-v1"), ("checkout", "payments", "-v2"), ("checkout", "egress", ""), ("checkout", "orders", ""),
)  # fmt: skip


def test_a_shop_of_fourteen_workloads() -> None:
    http = tuple(
        (key(source, target, destination_workload=target + version), requests(10))
        for source, target, version in CALLS
    )
    tcp_key = key("payments-v1", "ledger", protocol="tcp", code="")
    outside = key(
        "egress", "", destination_service="bank.example.com", destination_workload="unknown"
    )
    names = {target + version for _, target, version in CALLS} | {"ingress", "egress", "ledger"}
    found = graph(
        *http,
        *((inbound(k.source_workload, k.destination_workload), count) for k, count in http),
        (tcp_key, tcp(opened=1, sent=10)),
        (outside, requests(10)),
        registry=Registry(
            workloads=tuple(
                workload(name, gateway=name in ("ingress", "egress")) for name in sorted(names)
            ),
            services=tuple(
                service(name) for name in sorted({call[1] for call in CALLS} | {"ledger"})
            ),
            pods=tuple(pod(name) for name in sorted(names)),
        ),
    )
    assert len(names) == 14
    assert len(found.nodes) == 14 + 10 + 1
    assert len(found.edges) == 10 + 12 + 2 + 1
    assert sum(one.requests_total for one in found.edges if one.target[:7] == "service") == 130
    assert {node.health for node in found.nodes} == {Health.HEALTHY}


names = st.sampled_from(["a", "b", "unknown"])
keys = st.builds(
    lambda source, target, code, reporter, security, protocol: replace(
        (key if reporter else inbound)(source, target, code), security=security, protocol=protocol
    ),
    names, names, st.sampled_from(["200", "404", "503", "0"]), st.booleans(),
    st.sampled_from(["mutual_tls", "none", "unknown"]), st.sampled_from(["http", "grpc"]),
)  # fmt: skip
counts = st.builds(
    lambda n, slow: requests(n + slow, le10=n, le1000=slow), st.integers(0, 30), st.integers(0, 9)
)
seconds = st.lists(st.lists(st.tuples(keys, counts), max_size=8).map(tuple), min_size=1, max_size=8)


@given(seconds)
def test_every_graph_holds_together(history: list[Edges]) -> None:
    found = build(filled(*history), Registry(), NOW, 60)
    ids = [node.id for node in found.nodes]
    assert ids == sorted(set(ids))
    assert edge_ids(found) == sorted(set(edge_ids(found)))
    for edge in found.edges:
        assert {edge.source, edge.target} <= set(ids)
        assert 0 <= edge.error_ratio <= 1
        assert 0 <= edge.mtls_ratio <= 1
        assert (edge.p50_ms or 0) <= (edge.p95_ms or 0) <= (edge.p99_ms or 0)
        assert abs(sum(rate for _, rate in edge.responses) - edge.requests_per_second) < 1e-9


@given(seconds)
def test_requests_that_sources_reported_are_all_on_the_graph_once(history: list[Edges]) -> None:
    window = Window()
    for i, edges in enumerate(history):
        window.add(EdgeSecond(collector="a", second=NOW - i, edges=edges), NOW)
    found = build(window, Registry(), NOW, 60)
    reported = sum(
        count.requests for edges in history for one, count in edges if one.reporter == "source"
    )
    outside = sum(edge.requests_total for edge in found.edges if edge.source == "unknown:/unknown")
    leaving = sum(
        edge.requests_total for edge in found.edges if edge.source.startswith("workload:")
    )
    unknown_sources = sum(
        count.requests
        for edges in history
        for one, count in edges
        if one.reporter == "source" and one.source_workload == "unknown"
    )
    assert leaving == reported - unknown_sources
    assert outside >= unknown_sources


@given(seconds)
def test_building_twice_gives_the_same_graph(history: list[Edges]) -> None:
    window = filled(*history)
    assert build(window, Registry(), NOW, 60) == build(window, Registry(), NOW, 60)
