"""Laws of compiling: deterministic, independent of history, sharing, closed, and local."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.compile import Compiler, Mesh, MeshInput, compile_mesh
from routing.ir import ClusterKind, GatewaySecret, ProxyConfig
from tests.routing.mesh import deployment, mesh_input, resource, service

EDGE = deployment("edge", "v1", "edge").replace("app: edge", "istio: ingressgateway")
SHOP = (
    service("reviews"), deployment("reviews", "v2"), service("ratings"), EDGE,
    service("store", "name: tcp, port: 6379", "data"), service("client", namespace="data"),
)  # fmt: skip
SECRET = GatewaySecret(name="cert", namespace="edge", digest="1")


def weights(first: int) -> str:
    v1 = f"{{destination: {{host: reviews, subset: v1}}, weight: {first}}}"
    v2 = f"{{destination: {{host: reviews, subset: v2}}, weight: {100 - first}}}"
    spec = f"{{hosts: [reviews], http: [{{route: [{v1}, {v2}]}}]}}"
    return resource("VirtualService", "reviews", spec)


CHOICES = (
    resource("DestinationRule", "reviews", "{host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}"),
    weights(90),
    resource("VirtualService", "ratings", "{hosts: [ratings], http: [{match: [{sourceLabels: {app: reviews}}], directResponse: {status: 200}}, {route: [{destination: {host: nowhere}}]}]}"),
    resource("VirtualService", "store", "{hosts: [store], tcp: [{route: [{destination: {host: store}}]}]}", "data"),
    resource("PeerAuthentication", "default", "{mtls: {mode: STRICT}}"),
    resource("PeerAuthentication", "default", "{mtls: {mode: DISABLE}}", "istio-system"),
    resource("DestinationRule", "store", "{host: store, trafficPolicy: {tls: {mode: DISABLE}}}", "data"),
    resource("DestinationRule", "mine", "{host: reviews.shop.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: RANDOM}}}", "data"),
    resource("ServiceEntry", "out", "{hosts: [a.example, '*.b.example'], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]}"),
    resource("Gateway", "web", "{selector: {istio: ingressgateway}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ['*']}, {port: {number: 443, protocol: HTTPS}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: cert}}]}", "edge"),
    resource("VirtualService", "web", "{hosts: ['*'], gateways: [edge/web], http: [{route: [{destination: {host: reviews}}]}]}"),
    resource("VirtualService", "aside", "{hosts: [reviews.shop.svc.cluster.local], exportTo: ['.'], http: [{timeout: 4s, route: [{destination: {host: reviews.shop.svc.cluster.local}}]}]}", "data"),
    resource("VirtualService", "wide", "{hosts: ['*.shop.svc.cluster.local'], http: [{match: [{sourceNamespace: data}], directResponse: {status: 201}}]}", "data"),
    resource("DestinationRule", "wide", "{host: '*.shop.svc.cluster.local', trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3}}}", "data"),
    resource("DestinationRule", "private", "{host: ratings, exportTo: ['.'], trafficPolicy: {loadBalancer: {simple: RANDOM}}}"),
)  # fmt: skip

SOME = st.sets(st.sampled_from(CHOICES))
LIGHT = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def meshed(chosen: set[str]) -> MeshInput:
    return replace(mesh_input(*SHOP, *sorted(chosen)), secrets=(SECRET,))


@given(SOME)
@LIGHT
def test_equal_input_gives_an_equal_mesh(chosen: set[str]) -> None:
    assert compile_mesh(meshed(chosen)) == compile_mesh(meshed(chosen))


@given(st.lists(SOME, min_size=1, max_size=4))
@LIGHT
def test_what_was_compiled_before_changes_nothing(history: list[set[str]]) -> None:
    compiler = Compiler()
    for chosen in history:
        made = compiler.compile(meshed(chosen))
    assert made == compile_mesh(meshed(history[-1]))


@given(st.lists(SOME, min_size=2, max_size=3))
@LIGHT
def test_identity_says_exactly_what_changed(history: list[set[str]]) -> None:
    compiler = Compiler()
    *_, before, after = [compiler.compile(meshed(chosen)) for chosen in [set(), *history]]
    changed = {i for i in after.configs if before.configs.get(i) != after.configs[i]}
    assert set(after.changed_since(before)) == changed


@given(SOME)
@LIGHT
def test_every_reference_resolves_within_its_proxy(chosen: set[str]) -> None:
    for config in compile_mesh(meshed(chosen)).configs.values():
        clusters = {c.name for c in config.clusters}
        eds = {c.name for c in config.clusters if c.kind is ClusterKind.EDS}
        assert len(clusters) == len(config.clusters)
        assert {name for name in referenced(config) if name not in clusters} == set()
        assert {e.cluster for e in config.endpoints} == eds
        assert route_names(config) <= {r.name for r in config.routes}
        for routes in config.routes:
            domains = [d for host in routes.virtual_hosts for d in host.domains]
            assert len(domains) == len(set(domains))


def referenced(config: ProxyConfig) -> Iterator[str]:
    for routes in config.routes:
        for host in routes.virtual_hosts:
            for route in host.routes:
                given_actions = (route.clusters, route.direct_response, route.redirect)
                assert sum(bool(action) for action in given_actions) == 1
                if route.clusters:
                    assert sum(c.weight for c in route.clusters) == 100
                yield from (c.cluster for c in route.clusters)
    for listener in config.outbound_tcp:
        yield from (c.cluster for c in listener.clusters)
    yield from (listener.cluster for listener in config.inbound)
    for gateway in config.gateways:
        for server in gateway.servers:
            yield from (c.cluster for c in server.tcp_clusters)


def route_names(config: ProxyConfig) -> set[str]:
    names = {listener.route_config for listener in config.inbound}
    names |= {server.route_config for gateway in config.gateways for server in gateway.servers}
    names |= {config.outbound_http.route_config} if config.outbound_http else set()
    return names - {""}


def shared(mesh: Mesh, field: str, namespace: str) -> list[Any]:
    return [getattr(c, field) for c in mesh.configs.values() if c.proxy.namespace == namespace]


def test_proxies_of_a_namespace_share_endpoints_routes_and_clusters_as_objects() -> None:
    mesh = compile_mesh(meshed(set(CHOICES)))
    for namespace in ("shop", "data"):
        endpoints = shared(mesh, "endpoints", namespace)
        assert all(e is endpoints[0] for e in endpoints)
        clusters = shared(mesh, "clusters", namespace)
        assert all(a is b for a, b in zip(clusters[0][:5], clusters[1][:5], strict=True))
    inbound = [
        r for c in mesh.configs.values() for r in c.routes
        if c.proxy.app == "reviews" and r.name.startswith("inbound")
    ]  # fmt: skip
    assert len(inbound) == 2
    assert inbound[0] is inbound[1]


def test_one_weight_changes_one_virtual_host_and_nothing_else() -> None:
    compiler = Compiler()
    before = compiler.compile(meshed({CHOICES[0], weights(90)}))
    after = compiler.compile(meshed({CHOICES[0], weights(10)}))
    for one, other in zip(before.configs.values(), after.configs.values(), strict=True):
        assert one.clusters is other.clusters
        assert one.endpoints is other.endpoints
        assert one.inbound is other.inbound
        assert one.outbound_tcp is other.outbound_tcp
        if one.proxy.gateway:
            assert one is other
            continue
        hosts = zip(one.routes[0].virtual_hosts, other.routes[0].virtual_hosts, strict=True)
        assert [a.name for a, b in hosts if a is not b] == ["reviews.shop.svc.cluster.local:80"]


def test_a_change_that_others_cannot_see_leaves_their_configurations_the_same_objects() -> None:
    compiler = Compiler()
    before = compiler.compile(meshed(set()))
    private = resource(
        "ServiceEntry", "own",
        "{hosts: [own.example], exportTo: ['.'], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}",
    )  # fmt: skip
    changed = compiler.compile(meshed({private})).changed_since(before)
    assert {i.rpartition("~")[2] for i in changed} == {"shop.svc.cluster.local"}


def test_a_document_that_cannot_be_read_leaves_the_rest_compiled() -> None:
    given_mesh = meshed({CHOICES[0], weights(90)})
    broken = tuple(
        replace(d, spec={"hosts": 1}) if d.key.kind == "VirtualService" else d
        for d in given_mesh.documents
    )
    mesh = compile_mesh(replace(given_mesh, documents=broken))
    assert mesh.configs == compile_mesh(meshed({CHOICES[0]})).configs
    assert {f.resource for f in mesh.findings} == {"VirtualService shop/reviews"}
