"""What answers where a service cannot: every way in which it can be away, on real Envoys."""

import asyncio
from collections import Counter
from contextlib import nullcontext

import pytest

from routing.ir import ProxyConfig
from tests.routing.live.mesh import (
    Answer,
    Answering,
    Running,
    application,
    compiled,
    proxy,
    running,
)
from tests.routing.mesh import deployment, resource, service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

SHOP = "\n---\n".join(
    [*(service(name) for name in ("client", "reviews", "spare")), deployment("reviews", "v2")]
)
EDGE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}}
    spec: {containers: [{name: proxy}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
"""
AT_EDGE = "{hosts: [shop.example], gateways: [edge/edge], http: [{route: [{destination: {host: reviews}}]}]}"


def fallback(spec: str, name: str = "fallback") -> str:
    return resource("Fallback", name, spec).replace("networking.istio.io/v1", "meshweb.dev/v1")


TO_SPARE = fallback("{host: reviews, destination: {host: spare}}")
TO_A_BODY = fallback("{host: reviews, response: {status: 203, body: sorry}}")


def rule(policy: str) -> str:
    return resource("DestinationRule", "reviews", f"{{host: reviews, trafficPolicy: {policy}}}")


def places(config: ProxyConfig, workload: str) -> set[str]:
    return {
        f"{e.address}:{e.port}"
        for one in config.endpoints
        for e in one.endpoints
        if e.workload.startswith(workload)
    }


def but(config: ProxyConfig, *down: str) -> Answering:
    """Applications at all addresses but those of these workloads, where nothing listens."""
    closed = set().union(*(places(config, name) for name in down))

    def answering(address: str, port: int, made: Running) -> object:
        if f"{address}:{port}" in closed:
            return nullcontext()
        return application(address, port, made)

    return answering  # type: ignore[return-value]


def said(config: ProxyConfig, answer: Answer) -> str:
    """Who answered, or what."""
    for name in ("reviews", "spare"):
        if answer.text in places(config, name):
            return f"{answer.status} {name}"
    return f"{answer.status} {answer.text}"


async def burst(envoy: Running, count: int = 8) -> Counter[str]:
    asked = (envoy.ask("reviews", "/?delay=0.5s") for _ in range(count))
    return Counter(said(envoy.config, one) for one in await asyncio.gather(*asked))


async def test_a_refused_connection_is_answered_by_the_body() -> None:
    config = proxy(compiled(SHOP, TO_A_BODY), "client-v1")
    async with running(config, answering=but(config, "reviews")) as envoy:
        assert said(config, await envoy.ask("reviews")) == "203 sorry"
        assert said(config, await envoy.ask("spare")) == "200 spare"


async def test_endpoints_that_refuse_are_ejected_and_then_another_service_answers() -> None:
    outlier = (
        "{outlierDetection: {consecutive5xxErrors: 1, interval: 100ms, baseEjectionTime: 60s,"
        " maxEjectionPercent: 100}}"
    )
    config = proxy(compiled(SHOP, TO_SPARE, rule(outlier)), "client-v1")
    async with running(config, answering=but(config, "reviews")) as envoy:
        for _ in range(3):
            await envoy.ask("reviews")
        await asyncio.sleep(0.3)
        assert said(config, await envoy.ask("reviews")) == "200 spare"


@pytest.mark.parametrize(
    "pool",
    [
        "{tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}",
        "{http: {http2MaxRequests: 2}}",
        "{tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 2, http2MaxRequests: 2}}",
    ],
)
async def test_no_request_of_a_burst_is_turned_away_by_a_limit(pool: str) -> None:
    limited = rule(f"{{connectionPool: {pool}}}")
    for given, other in ((TO_SPARE, "200 spare"), (TO_A_BODY, "203 sorry")):
        config = proxy(compiled(SHOP, given, limited), "client-v1")
        async with running(config) as envoy:
            answers = await burst(envoy)
        assert set(answers) == {"200 reviews", other}, answers


async def test_the_fallback_of_a_subset_answers_for_that_alone() -> None:
    subsets = "{host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: gone, labels: {version: v9}}]}"
    routes = (
        "{hosts: [reviews], http: ["
        "{match: [{uri: {prefix: /gone}}], route: [{destination: {host: reviews, subset: gone}}]},"
        " {match: [{uri: {prefix: /v1}}], route: [{destination: {host: reviews, subset: v1}}]},"
        " {route: [{destination: {host: reviews}}]}]}"
    )
    mesh = compiled(
        SHOP,
        resource("DestinationRule", "reviews", subsets),
        resource("VirtualService", "reviews", routes),
        fallback("{host: reviews, subset: gone, destination: {host: spare}}"),
        fallback("{host: reviews, subset: v1, response: {status: 203, body: sorry}}", "v1"),
    )
    config = proxy(mesh, "client-v1")
    async with running(config, answering=but(config, "reviews-v1")) as envoy:
        asked = {path: said(config, await envoy.ask("reviews", path)) for path in ("/gone", "/v1")}
        whole = {said(config, await envoy.ask("reviews")) for _ in range(6)}
    assert asked == {"/gone": "200 spare", "/v1": "203 sorry"}
    assert "203 sorry" not in whole


async def test_a_gateway_has_it_answered_too() -> None:
    nobody = SHOP.replace("selector: {app: reviews}", "selector: {app: nobody}")
    went = {}
    for name, given in (("spare", TO_SPARE), ("body", TO_A_BODY)):
        mesh = compiled(nobody, EDGE, resource("VirtualService", "edge", AT_EDGE), given)
        config = proxy(mesh, "edge")
        at = config.gateways[0]
        async with running(config) as envoy:
            answer = await envoy.ask("shop.example", to=(at.address, at.port))
            went[name] = said(config, answer)
    assert went == {"spare": "200 spare", "body": "203 sorry"}


async def test_when_the_other_service_is_away_too_the_caller_is_told_at_once() -> None:
    nobody = SHOP.replace("selector: {app: reviews}", "selector: {app: nobody}")
    nobody = nobody.replace("selector: {app: spare}", "selector: {app: nobody}")
    config = proxy(compiled(nobody, TO_SPARE), "client-v1")
    async with running(config) as envoy:
        answer = await asyncio.wait_for(envoy.ask("reviews"), 2)
    assert answer.status == 503


@pytest.mark.parametrize(
    ("status", "grpc_status"), [(503, "14"), (429, "14"), (403, "7"), (404, "12"), (200, "2")]
)
async def test_a_grpc_caller_reads_the_answer_as_a_status(status: int, grpc_status: str) -> None:
    nobody = SHOP.replace("selector: {app: reviews}", "selector: {app: nobody}").replace(
        "name: http, port: 80", "name: grpc, port: 80"
    )
    given = fallback(f"{{host: reviews, response: {{status: {status}, body: sorry}}}}")
    config = proxy(compiled(nobody, given), "client-v1")
    async with running(config) as envoy:
        answer = await envoy.ask(
            "reviews", "/shop.Reviews/Get", method="POST",
            headers={"content-type": "application/grpc", "content-length": "0"},
        )  # fmt: skip
    told = {name: answer.headers.get(name) for name in ("grpc-status", "grpc-message")}
    assert (answer.status, told) == (200, {"grpc-status": grpc_status, "grpc-message": "sorry"})
