"""Features of http routes, as a real Envoy does them."""

import asyncio
import time

import pytest

from tests.routing.live.mesh import Running, compiled, proxy, running
from tests.routing.mesh import deployment, resource, service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

SHOP = "\n---\n".join(service(name) for name in ("client", "reviews", "ratings"))


def virtual_service(http: str) -> str:
    return resource("VirtualService", "reviews", f"\n  hosts: [reviews]\n  http:{http}")


def place(of: Running, name: str) -> str:
    """Where an application listens."""
    wanted = f"outbound|80||{name}.shop.svc.cluster.local"
    at = next(a for a in of.config.endpoints if a.cluster == wanted).endpoints[0]
    return f"{at.address}:{at.port}"


async def test_aborts_and_delays_hit_their_share_of_the_requests() -> None:
    mesh = compiled(
        SHOP,
        virtual_service("""
  - match: [{uri: {prefix: /broken}}]
    fault: {abort: {httpStatus: 555, percentage: {value: 100}}}
    route: [{destination: {host: reviews}}]
  - match: [{uri: {prefix: /grpc}}]
    fault: {abort: {grpcStatus: UNAVAILABLE}}
    route: [{destination: {host: reviews}}]
  - match: [{uri: {prefix: /slow}}]
    fault: {delay: {fixedDelay: 400ms}}
    route: [{destination: {host: reviews}}]
  - fault: {abort: {httpStatus: 500, percentage: {value: 50}}}
    route: [{destination: {host: reviews}}]
"""),
    )
    async with running(proxy(mesh, "client-v1")) as envoy:
        assert (await envoy.ask("reviews", "/broken")).status == 555
        grpc = await envoy.ask("reviews", "/grpc", headers={"content-type": "application/grpc"})
        assert grpc.headers["grpc-status"] == "14"
        started = time.monotonic()
        assert (await envoy.ask("reviews", "/slow")).status == 200
        assert 0.39 <= time.monotonic() - started < 2
        statuses = [(await envoy.ask("reviews")).status for _ in range(80)]
        assert 15 < statuses.count(500) < 65
        assert set(statuses) == {200, 500}


async def test_mirrors_get_their_share_and_the_client_its_own_answer() -> None:
    mesh = compiled(
        SHOP,
        virtual_service("""
  - match: [{uri: {prefix: /all}}]
    mirror: {host: ratings}
    route: [{destination: {host: reviews}}]
  - mirrors: [{destination: {host: ratings}, percentage: {value: 30}}]
    route: [{destination: {host: reviews}}]
"""),
    )
    async with running(proxy(mesh, "client-v1")) as envoy:
        main, other = place(envoy, "reviews"), place(envoy, "ratings")
        assert (await envoy.ask("reviews", "/all")).text == main
        await asyncio.sleep(0.1)
        assert envoy.asked() == {main: 1, other: 1}
        assert envoy.got[other][0].headers["host"] == "reviews-shadow"
        envoy.forget()
        for _ in range(100):
            await envoy.ask("reviews")
        await asyncio.sleep(0.1)
        assert envoy.asked()[main] == 100
        assert 10 < envoy.asked()[other] < 55


async def test_a_preflight_is_answered_for_allowed_origins_only() -> None:
    mesh = compiled(
        SHOP,
        virtual_service("""
  - corsPolicy:
      allowOrigins: [{exact: "https://shop.example"}]
      allowMethods: [GET, PUT]
      exposeHeaders: [x-from]
      maxAge: 2m
    route: [{destination: {host: reviews}}]
"""),
    )
    ask = {"access-control-request-method": "PUT"}
    async with running(proxy(mesh, "client-v1")) as envoy:
        good = {**ask, "origin": "https://shop.example"}
        said = await envoy.ask("reviews", method="OPTIONS", headers=good)
        assert (said.status, said.headers["access-control-allow-methods"]) == (200, "GET,PUT")
        assert said.headers["access-control-max-age"] == "120"
        assert envoy.asked() == {}
        plain = await envoy.ask("reviews", headers={"origin": "https://shop.example"})
        assert plain.headers["access-control-expose-headers"] == "x-from"
        strange = await envoy.ask("reviews", headers={"origin": "https://strange.example"})
        assert "access-control-allow-origin" not in strange.headers


async def test_paths_are_rewritten_by_expression_and_bytes_answered() -> None:
    mesh = compiled(
        SHOP,
        virtual_service(r"""
  - match: [{uri: {exact: /bytes}}]
    directResponse: {status: 200, body: {bytes: AAEC}}
  - match: [{uri: {prefix: /secure}}]
    redirect: {scheme: https, derivePort: FROM_PROTOCOL_DEFAULT, redirectCode: 308}
  - rewrite: {uriRegexRewrite: {match: "^/service/([^/]+)(/.*)$", rewrite: "\\2/instance/\\1"}}
    route: [{destination: {host: reviews}}]
"""),
    )
    async with running(proxy(mesh, "client-v1")) as envoy:
        assert (await envoy.ask("reviews", "/bytes")).body == b"\x00\x01\x02"
        to = await envoy.ask("reviews", "/secure/x?y=1")
        assert (to.status, to.headers["location"]) == (308, "https://reviews:443/secure/x?y=1")
        await envoy.ask("reviews", "/service/foo/v1/api")
        assert [r.path for r in envoy.got[place(envoy, "reviews")]] == ["/v1/api/instance/foo"]


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("httpHeaderName: end-user", "end-user: {}"),
        ("httpCookie: {name: who}", "cookie: who={}"),
        ("httpHeaderName: end-user, maglev: {tableSize: 1009}", "end-user: {}"),
        ("httpQueryParameterName: q", ""),
    ],
)
async def test_equal_requests_go_to_the_same_endpoint(key: str, header: str) -> None:
    rule = resource(
        "DestinationRule",
        "reviews",
        f"{{host: reviews, trafficPolicy: {{loadBalancer: {{consistentHash: {{{key}}}}}}}}}",
    )
    more = (deployment("reviews", version) for version in ("v2", "v3"))
    mesh = compiled(SHOP, *more, rule)
    async with running(proxy(mesh, "client-v1")) as envoy:
        places: dict[str, set[str]] = {}
        for i in range(48):
            who = f"user{i % 12}"
            name, _, value = header.format(who).partition(": ")
            said = await envoy.ask("reviews", f"/?q={who}", headers={name: value} if name else None)
            places.setdefault(who, set()).add(said.text)
        assert [len(of) for of in places.values()] == [1] * 12
        assert len(set().union(*places.values())) == 3
