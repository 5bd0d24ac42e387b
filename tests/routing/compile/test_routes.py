"""How requests are routed: names, matches, weights, retries, gateways."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from routing.compile import Mesh, MeshInput, compile_mesh
from routing.compile.http_routes import NO_BACKEND
from routing.compile.retry import retry
from routing.compile.weights import to_hundred
from routing.ir import (
    ClusterKind,
    DirectResponse,
    ProxyConfig,
    Retry,
    RouteMatch,
    WeightedCluster,
)
from routing.model.virtual_service import HttpRetry
from tests.routing.mesh import (
    cluster,
    deployment,
    mesh_input,
    resource,
    routes,
    service,
    virtual_host,
)

REVIEWS = service("reviews", "name: http, port: 9080")
OTHER = service("client", namespace="other")


def proxy(mesh: Mesh, workload: str) -> ProxyConfig:
    return next(c for c in mesh.configs.values() if c.proxy.workload == workload)


def compiled(*texts: str) -> Mesh:
    return compile_mesh(mesh_input(*texts))


def routed(http: str, rest: str = "hosts: [reviews]") -> str:
    return resource("VirtualService", "reviews", f"{{{rest}, http: [{http}]}}")


def test_a_short_name_means_the_service_of_ones_own_namespace() -> None:
    mesh = compiled(REVIEWS, OTHER)
    same, other = proxy(mesh, "reviews-v1"), proxy(mesh, "client-v1")
    long = ("reviews.shop.svc.cluster.local", "reviews.shop.svc", "reviews.shop")
    for name in (*long, *(f"{n}:9080" for n in long)):
        assert virtual_host(same, name) is not None
        assert virtual_host(other, name) is not None
    assert virtual_host(same, "reviews") is not None
    assert virtual_host(same, "reviews:9080") is not None
    assert virtual_host(other, "reviews") is None


def test_a_name_without_port_needs_port_80_or_an_only_http_port() -> None:
    two = REVIEWS.replace(
        "{name: http, port: 9080, targetPort: 8080}",
        "{name: http-a, port: 81, targetPort: 8080}, {name: http-b, port: 82, targetPort: 8080}",
    )
    config = proxy(compiled(two), "reviews-v1")
    assert virtual_host(config, "reviews") is None
    assert virtual_host(config, "reviews:82") is not None


def test_unknown_hosts_are_blocked() -> None:
    (route,) = routes(proxy(compiled(REVIEWS), "reviews-v1"), "*")
    assert (route.name, route.direct_response) == ("block_all", DirectResponse(status=502))


def test_no_route_of_a_virtual_service_that_fits_leaves_none() -> None:
    mesh = compiled(REVIEWS, routed("{match: [{port: 1}], redirect: {uri: /}}"))
    assert routes(proxy(mesh, "reviews-v1"), "reviews:9080") == ()


def test_shares_of_what_does_not_exist_go_to_the_black_hole() -> None:
    mesh = compiled(
        REVIEWS,
        routed(
            "{route: [{destination: {host: reviews}, weight: 70}, {destination: {host: nowhere}, weight: 30}]}"
        ),
    )
    config = proxy(mesh, "reviews-v1")
    (route,) = routes(config, "reviews")
    assert route.clusters == (
        WeightedCluster(cluster="outbound|9080||reviews.shop.svc.cluster.local", weight=70),
        WeightedCluster(cluster="BlackHoleCluster", weight=30),
    )
    assert cluster(config, "BlackHoleCluster").kind is ClusterKind.BLACKHOLE


def test_a_route_to_nothing_that_exists_answers_503() -> None:
    mesh = compiled(REVIEWS, routed("{route: [{destination: {host: reviews, subset: none-such}}]}"))
    (route,) = routes(proxy(mesh, "reviews-v1"), "reviews")
    assert (route.clusters, route.direct_response) == ((), NO_BACKEND)


def test_routes_after_one_that_takes_everything_are_left_out() -> None:
    mesh = compiled(REVIEWS, routed("{redirect: {uri: /a}}, {redirect: {uri: /b}}"))
    (route,) = routes(proxy(mesh, "reviews-v1"), "reviews")
    assert route.match == RouteMatch()


def test_source_labels_choose_per_client() -> None:
    mesh = compiled(
        REVIEWS,
        deployment("reviews", "v2"),
        routed(
            "{match: [{sourceLabels: {version: v2}}], directResponse: {status: 418}}, {redirect: {uri: /}}"
        ),
    )
    (own,) = routes(proxy(mesh, "reviews-v2"), "reviews")
    (others,) = routes(proxy(mesh, "reviews-v1"), "reviews")
    assert own.direct_response == DirectResponse(status=418)
    assert others.redirect is not None


def test_a_wildcard_virtual_service_routes_what_no_exact_one_does() -> None:
    wild = resource(
        "VirtualService",
        "wild",
        "{hosts: ['*.shop.svc.cluster.local'], http: [{redirect: {uri: /w}}]}",
    )
    mesh = compiled(REVIEWS, service("ratings"), wild, routed("{redirect: {uri: /e}}"))
    config = proxy(mesh, "reviews-v1")
    found = [routes(config, name)[0].redirect for name in ("reviews", "ratings")]
    assert [r.path for r in found if r] == ["/e", "/w"]


def test_of_two_virtual_services_for_a_host_the_oldest_is_followed() -> None:
    """Then by name and namespace, as Istio orders those of one moment."""

    def followed(ages: dict[str, float]) -> str:
        texts = [
            resource(
                "VirtualService",
                name,
                f"{{hosts: [reviews], http: [{{redirect: {{uri: /{name}}}}}]}}",
            )
            for name in ages
        ]
        given = mesh_input(REVIEWS, *texts)
        documents = tuple(replace(d, created_at=ages.get(d.key.name, 0.0)) for d in given.documents)
        mesh = compile_mesh(replace(given, documents=documents))
        (route,) = routes(proxy(mesh, "reviews-v1"), "reviews.shop")
        return route.name

    assert followed({"a": 2.0, "b": 1.0}) == "shop/b:0"
    assert followed({"a": 1.0, "b": 2.0}) == "shop/a:0"
    assert followed({"b": 1.0, "a": 1.0}) == "shop/a:0"


def test_the_host_header_is_set_by_rewriting() -> None:
    spec = "{headers: {request: {set: {Host: x.example, a: b}}}, route: [{destination: {host: reviews}}]}"
    (route,) = routes(proxy(compiled(REVIEWS, routed(spec)), "reviews-v1"), "reviews")
    assert route.rewrite is not None
    assert (route.rewrite.host, route.request_headers.set) == ("x.example", (("a", "b"),))


def test_a_destination_rule_of_the_client_comes_before_the_services() -> None:
    spec = "{host: reviews.shop.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: %s}}}"
    mesh = compiled(
        REVIEWS,
        OTHER,
        resource("DestinationRule", "a", spec % "RANDOM"),
        resource("DestinationRule", "a", spec % "ROUND_ROBIN", "other"),
    )
    name = "outbound|9080||reviews.shop.svc.cluster.local"
    chosen = [cluster(proxy(mesh, w), name).load_balancer for w in ("reviews-v1", "client-v1")]
    assert chosen == ["RANDOM", "ROUND_ROBIN"]


def test_a_pod_that_is_not_ready_is_no_endpoint() -> None:
    given_mesh = mesh_input(REVIEWS)
    pods = tuple(replace(p, ready=False) for p in given_mesh.registry.pods)
    mesh = compile_mesh(
        MeshInput(documents=given_mesh.documents, registry=replace(given_mesh.registry, pods=pods))
    )
    assert [e.endpoints for e in proxy(mesh, "reviews-v1").endpoints] == [()]


def test_retries() -> None:
    assert retry(HttpRetry(attempts=0)) is None
    assert retry(HttpRetry(attempts=1, retry_on="5xx, 503,429")) == Retry(
        attempts=1, retry_on="5xx,retriable-status-codes,429,503"
    )


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8))
def test_weights_always_sum_to_a_hundred(weights: list[int]) -> None:
    scaled = to_hundred(weights)
    assert sum(scaled) == 100
    assert min(scaled) >= 0


@given(st.lists(st.integers(1, 99), min_size=1, max_size=1))
def test_weights_that_sum_to_a_hundred_stay(first: list[int]) -> None:
    weights = [*first, 100 - first[0]]
    assert to_hundred(weights) == weights
