"""What the Gateway API's specification asks of routes, beyond its own cases, in real Envoys."""

from collections import Counter

import pytest

from tests.routing.live.bridges import around
from tests.routing.live.mesh import Answer, Running, compiled, proxy, running
from tests.routing.mesh import service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

SHOP = "\n---\n".join(service(name) for name in ("reviews", "ratings"))
DOOR = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: door, namespace: shop}
spec:
  selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: door}}
  template:
    metadata:
      labels: {gateway.networking.k8s.io/gateway-name: door}
      annotations: {inject.istio.io/templates: gateway}
    spec: {containers: [{name: envoy, ports: [{containerPort: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: shop}
spec: {gatewayClassName: meshweb, listeners: [{name: http, port: 80, protocol: HTTP}]}
"""


def route(rules: str, name: str = "reviews", more: str = "") -> str:
    return (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        f"metadata: {{name: {name}, namespace: shop}}\n"
        f"spec:\n  parentRefs: [{{name: door}}]\n{more}  rules:{rules}"
    )


async def asked(envoy: Running, path: str, host: str = "shop.example") -> Answer:
    to = envoy.config.gateways[0]
    return await envoy.ask(host, path, to=(to.address, to.port))


async def test_the_share_of_a_backend_that_is_not_there_is_answered_with_500() -> None:
    rules = """
  - backendRefs: [{name: reviews, port: 80, weight: 3}, {name: unknown, port: 80, weight: 1}]
"""
    async with running(proxy(compiled(SHOP, DOOR, route(rules)), "door")) as envoy:
        statuses = Counter([(await asked(envoy, "/")).status for _ in range(400)])
    assert set(statuses) == {200, 500}
    assert 60 < statuses[500] < 140


async def test_each_backend_has_its_own_filters() -> None:
    rules = """
  - matches: [{path: {value: /from}}]
    backendRefs:
    - name: reviews
      port: 80
      filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /r}}}]
    - name: ratings
      port: 80
      filters: [{type: URLRewrite, urlRewrite: {hostname: inner.example}}]
    - name: ratings
      port: 80
      filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example}}]
"""
    async with running(proxy(compiled(SHOP, DOOR, route(rules)), "door")) as envoy:
        answers = [await asked(envoy, "/from/x") for _ in range(150)]
        seen = {(r.path, r.headers["host"]) for got in envoy.got.values() for r in got}
    assert seen == {("/r/x", "shop.example"), ("/from/x", "inner.example")}
    assert {a.headers.get("location") for a in answers} == {None, "http://other.example/from/x"}


async def test_small_shares_are_kept() -> None:
    rules = """
  - backendRefs: [{name: reviews, port: 80, weight: 12}, {name: ratings, port: 80, weight: 988}]
"""
    async with running(proxy(compiled(SHOP, DOOR, route(rules)), "door")) as envoy:
        places = Counter([(await asked(envoy, "/")).text for _ in range(1500)])
    assert 0 < min(places.values()) < 50


async def test_requests_do_not_pass_by_a_filter_that_is_not_known() -> None:
    rules = """
  - filters: [{type: ExtensionRef, extensionRef: {group: example.com, kind: F, name: f}}]
    backendRefs: [{name: reviews, port: 80}]
"""
    async with running(proxy(compiled(SHOP, DOOR, route(rules)), "door")) as envoy:
        assert (await asked(envoy, "/")).status == 500


async def test_a_backend_that_is_too_slow_is_tried_again() -> None:
    rules = """
  - timeouts: {request: 2s, backendRequest: 200ms}
    retry: {attempts: 2}
    backendRefs: [{name: reviews, port: 80}]
"""
    async with running(proxy(compiled(SHOP, DOOR, route(rules)), "door")) as envoy:
        assert (await asked(envoy, "/?delay=1s")).status == 504
        assert sum(envoy.asked().values()) == 3


async def test_an_expression_counts_before_what_takes_everything() -> None:
    rules = """
  - backendRefs: [{name: reviews, port: 80}]
  - matches: [{path: {type: RegularExpression, value: "/v[0-9]+"}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]
  - matches: [{path: {value: /v2}}]
    backendRefs: [{name: ratings, port: 80}]
"""
    async with running(proxy(compiled(SHOP, DOOR, route(rules)), "door")) as envoy:
        assert (await asked(envoy, "/v1")).headers["location"] == "http://shop.example/new"
        assert (await asked(envoy, "/v2")).status == 200
        assert (await asked(envoy, "/v")).status == 200


TLS_DOOR = DOOR.replace(
    "{name: http, port: 80, protocol: HTTP}",
    "{name: tls, port: 443, protocol: TLS, hostname: '*.shop.example', tls: {mode: Passthrough}},"
    " {name: tcp, port: 444, protocol: TCP}",
)
CONNECTIONS = """\
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: reviews, namespace: shop}
spec:
  parentRefs: [{name: door, sectionName: tls}]
  hostnames: [reviews.shop.example]
  rules: [{backendRefs: [{name: reviews, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: ratings, namespace: shop}
spec:
  parentRefs: [{name: door, sectionName: tcp}]
  rules: [{backendRefs: [{name: ratings, port: 80}]}]
"""


async def test_connections_are_passed_on_by_server_name_and_by_port() -> None:
    config = proxy(compiled(SHOP, TLS_DOOR, CONNECTIONS), "door")
    servers = {
        listener.port: [
            (s.server_names, [c.cluster for c in s.tcp_clusters]) for s in listener.servers
        ]
        for listener in config.gateways
    }
    assert servers == {
        443: [(("reviews.shop.example",), ["outbound|80||reviews.shop.svc.cluster.local"])],
        444: [(("*",), ["outbound|80||ratings.shop.svc.cluster.local"])],
    }
    async with running(config, around(config)) as envoy:
        to = next(g for g in config.gateways if g.port == 444)
        answer = await envoy.ask("any", "/", to=(to.address, to.port))
        assert (answer.status, list(envoy.asked())) == (200, [answer.text])


async def test_listeners_that_collide_serve_nothing_and_others_stay() -> None:
    colliding = DOOR.replace(
        "[{name: http, port: 80, protocol: HTTP}]",
        "[{name: http, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP},"
        " {name: b, port: 81, protocol: TCP}]",
    )
    rules = "\n  - backendRefs: [{name: reviews, port: 80}]\n"
    config = proxy(compiled(SHOP, colliding, route(rules)), "door")
    assert [one.port for one in config.gateways] == [80]


async def test_when_a_grant_is_taken_away_requests_are_refused() -> None:
    rules = "\n  - backendRefs: [{name: store, namespace: data, port: 80}]\n"
    grant = """\
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: shop, namespace: data}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]
  to: [{group: "", kind: Service, name: store}]
"""
    store = service("store", namespace="data")
    for texts, status in (((grant,), 200), ((), 500)):
        config = proxy(compiled(store, DOOR, route(rules), *texts), "door")
        async with running(config) as envoy:
            assert (await asked(envoy, "/")).status == status
