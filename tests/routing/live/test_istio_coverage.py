"""Places, server names, exports and a Sidecar's own ports: what real Envoys do of them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from routing.ir import ProxyConfig
from tests.routing.live.mesh import compiled, proxy, running
from tests.routing.mesh import deployment, resource, service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]


def placed(name: str, version: str, place: str) -> str:
    made = deployment(name, version)
    labels = f"app: {name}, version: {version}}}}}\n    spec"
    assert labels in made
    return made.replace(labels, labels.replace("}}\n", f", istio-locality: {place}}}}}\n"))


def placed_shop() -> str:
    reviews = service("reviews").partition("---")[0]
    parts = (
        reviews,
        placed("reviews", "v1", "eu.a.1"),
        placed("reviews", "v2", "us.b.1"),
        placed("reviews", "v3", "ap.c.1"),
        placed("client", "v1", "eu.a.2"),
    )
    return "\n---\n".join(parts)


def at(config: ProxyConfig, locality: str) -> str:
    """Where the reviews of a place are."""
    return next(
        f"{e.address}:{e.port}"
        for assigned in config.endpoints
        for e in assigned.endpoints
        if e.locality == locality
    )


async def asked_where(rule: str) -> dict[str, int]:
    mesh = compiled(placed_shop(), resource("DestinationRule", "reviews", rule))
    config = proxy(mesh, "client-v1")
    async with running(config) as envoy:
        for _ in range(30):
            assert (await envoy.ask("reviews")).status == 200
        asked = envoy.asked()
    places = {
        at(config, place): place for place in ("eu/a/1", "us/b/1", "ap/c/1") if known(config, place)
    }
    return {places[where]: count for where, count in asked.items()}


def known(config: ProxyConfig, locality: str) -> bool:
    return any(e.locality == locality for one in config.endpoints for e in one.endpoints)


async def test_with_outlier_detection_the_nearest_endpoints_are_asked() -> None:
    rule = "{host: reviews, trafficPolicy: {outlierDetection: {}}}"
    assert await asked_where(rule) == {"eu/a/1": 30}


async def test_a_distribution_sends_each_place_its_share_and_others_nothing() -> None:
    shares = "[{from: 'eu/*', to: {'us/*': 50, 'ap/*': 50}}]"
    rule = (
        "{host: reviews, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN,"
        f" localityLbSetting: {{distribute: {shares}}}}}}}}}"
    )
    asked = await asked_where(rule)
    assert set(asked) == {"us/b/1", "ap/c/1"}
    assert min(asked.values()) >= 10


async def test_a_service_is_seen_where_it_is_exported_to() -> None:
    hidden = service("reviews").replace(
        "metadata: {name: reviews, namespace: shop}",
        "metadata: {name: reviews, namespace: shop,"
        " annotations: {networking.istio.io/exportTo: '.'}}",
    )
    mesh = compiled(hidden, service("client"), service("stranger", namespace="data"))
    seen = {}
    for who in ("client-v1", "stranger-v1"):
        async with running(proxy(mesh, who)) as envoy:
            seen[who] = (await envoy.ask("reviews.shop")).status
    assert seen == {"client-v1": 200, "stranger-v1": 502}


async def test_a_sidecar_opens_ports_of_its_own_for_the_hosts_it_names() -> None:
    mesh = compiled(
        *(service(name) for name in ("client", "reviews", "ratings")),
        resource(
            "Sidecar",
            "default",
            "{egress: [{hosts: ['./*']}, {port: {number: 80, protocol: HTTP}, bind: 127.0.0.7,"
            " hosts: ['./ratings.shop.svc.cluster.local']}]}",
        ),
    )
    async with running(proxy(mesh, "client-v1")) as envoy:
        asked = {
            name: (await envoy.ask(name, to=("127.0.0.7", 80))).status
            for name in ("ratings", "reviews")
        }
    assert asked == {"ratings": 200, "reviews": 502}


# --- server names ------------------------------------------------------------------------------


@asynccontextmanager
async def named(address: str, port: int, name: str) -> AsyncIterator[None]:
    """Tells its name to whoever says anything, whatever that is."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(name.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, address, port)
    async with server:
        yield


def client_hello(server_name: str) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=server_name)
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


async def told(config: ProxyConfig, said: bytes) -> str:
    port = config.outbound_tcp[0]
    reader, writer = await asyncio.open_connection(port.address, port.port)
    writer.write(said)
    answer = await asyncio.wait_for(reader.read(), 15)
    writer.close()
    return answer.decode()


def outside(name: str, address: str) -> str:
    return resource(
        "ServiceEntry",
        name,
        f"{{hosts: [{name}.example], resolution: DNS, endpoints: [{{address: {address}}}],"
        " ports: [{number: 6379, name: tcp, protocol: TCP}]}",
    )


async def test_a_connection_goes_where_its_server_name_says() -> None:
    match = "match: [{port: 6379, sniHosts: ['%s']}]"
    route = "route: [{destination: {host: %s.example}}]"
    mesh = compiled(
        service("client"),
        service("store", "name: tcp, port: 6379"),
        outside("one", "127.99.1.1"),
        outside("two", "127.99.1.2"),
        outside("rest", "127.99.1.3"),
        resource(
            "VirtualService",
            "store",
            f"{{hosts: [store], tls: [{{{match % 'a.example'}, {route % 'one'}}},"
            f" {{{match % '*.b.example'}, {route % 'two'}}}], tcp: [{{{route % 'rest'}}}]}}",
        ),
    )
    config = proxy(mesh, "client-v1")
    async with (
        named("127.99.1.1", 6379, "one"),
        named("127.99.1.2", 6379, "two"),
        named("127.99.1.3", 6379, "rest"),
        running(config),
    ):
        went = {
            name: await told(config, client_hello(name))
            for name in ("a.example", "x.b.example", "c.example")
        }
        plain = await told(config, b"hello")
    assert (went, plain) == (
        {"a.example": "one", "x.b.example": "two", "c.example": "rest"},
        "rest",
    )
