"""Another service takes the connections of one that has nobody for them, on real Envoys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

import pytest

from routing.ir import ProxyConfig
from tests.routing.live.mesh import Answering, Running, compiled, proxy, running
from tests.routing.live.test_fallback import EDGE, fallback, places
from tests.routing.mesh import deployment, resource, service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

BYTES = "name: tcp, port: 3306"
SHOP = "\n---\n".join(
    [service("client"), service("db", BYTES), deployment("db", "v2"), service("spare", BYTES)]
)
TO_SPARE = fallback("{host: db, destination: {host: spare}}")
EJECTING = (
    "outlierDetection: {consecutive5xxErrors: 1, interval: 100ms, baseEjectionTime: 60s,"
    " maxEjectionPercent: 100}"
)


def rule(policy: str) -> str:
    return resource("DestinationRule", "db", f"{{host: db, trafficPolicy: {{{policy}}}}}")


def nobody(name: str) -> str:
    """A service that selects no pod."""
    return SHOP.replace(f"selector: {{app: {name}}}", "selector: {app: nobody}")


def databases(config: ProxyConfig, *down: str) -> Answering:
    """Whoever connects is told by which service, but at the addresses of workloads that are down."""
    closed = set().union(*(places(config, name) for name in down))

    def answering(address: str, port: int, _: Running) -> AbstractAsyncContextManager[object]:
        place = f"{address}:{port}"
        return nullcontext() if place in closed else telling(address, port)

    return answering


@asynccontextmanager
async def telling(address: str, port: int) -> AsyncIterator[None]:
    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"{address}:{port}\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(tell, address, port)
    try:
        yield
    finally:
        server.close()


async def connect(config: ProxyConfig, to: tuple[str, int] | None = None) -> str:
    """The service that takes a connection to db, "" where it is closed."""
    found = next(p for p in config.outbound_tcp if p.service_name == "db") if not to else None
    address = to or (found.address, found.port)  # type: ignore[union-attr]
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(b"who?\n")
        told = (await asyncio.wait_for(reader.readline(), 5)).decode().strip()
    except ConnectionError:
        told = ""
    finally:
        writer.close()
    return next((name for name in ("db", "spare") if told in places(config, name)), told)


async def connections(config: ProxyConfig, count: int = 10) -> set[str]:
    return {await connect(config) for _ in range(count)}


async def test_while_an_endpoint_takes_connections_nobody_else_does() -> None:
    """Half of the endpoints being away would let others take a share, were it Envoy's own measure."""
    config = proxy(compiled(SHOP, TO_SPARE, rule(EJECTING)), "client-v1")
    async with running(config, answering=databases(config, "db-v2")):
        await connections(config, 4)
        await asyncio.sleep(0.4)
        assert await connections(config) == {"db"}


async def test_without_an_endpoint_another_service_takes_them() -> None:
    config = proxy(compiled(nobody("db"), TO_SPARE), "client-v1")
    async with running(config, answering=databases(config)):
        assert await connections(config) == {"spare"}


async def test_when_all_are_ejected_another_service_takes_them() -> None:
    config = proxy(compiled(SHOP, TO_SPARE, rule(EJECTING)), "client-v1")
    async with running(config, answering=databases(config, "db-v1", "db-v2")):
        assert "" in await connections(config, 4)
        await asyncio.sleep(0.4)
        assert await connections(config) == {"spare"}


async def test_while_the_service_is_suspended_another_one_takes_them() -> None:
    suspend = resource("Suspend", "db", "{service: db}")
    suspend = suspend.replace("networking.istio.io/v1", "meshweb.dev/v1")
    config = proxy(compiled(SHOP, TO_SPARE, suspend), "client-v1")
    async with running(config, answering=databases(config)):
        assert await connections(config) == {"spare"}


async def test_each_share_of_a_route_has_its_own() -> None:
    config = proxy(
        compiled(
            SHOP,
            TO_SPARE.replace("host: db", "host: db, subset: gone"),
            resource(
                "DestinationRule",
                "db",
                "{host: db, subsets: [{name: v1, labels: {version: v1}}, {name: gone, labels: {version: v9}}]}",
            ),
            resource(
                "VirtualService",
                "db",
                "{hosts: [db], tcp: [{route: [{destination: {host: db, subset: v1}, weight: 50},"
                " {destination: {host: db, subset: gone}, weight: 50}]}]}",
            ),
        ),
        "client-v1",
    )
    async with running(config, answering=databases(config)):
        assert await connections(config, 30) == {"db", "spare"}


async def test_a_gateways_connections_are_taken_too() -> None:
    edge = EDGE.replace("name: http, protocol: HTTP", "name: tcp, protocol: TCP")
    routes = "{hosts: ['*'], gateways: [edge/edge], tcp: [{route: [{destination: {host: db}}]}]}"
    mesh = compiled(nobody("db"), edge, resource("VirtualService", "edge", routes), TO_SPARE)
    config = proxy(mesh, "edge")
    at = config.gateways[0]
    async with running(config, answering=databases(config)):
        assert await connect(config, (at.address, at.port)) == "spare"


async def test_above_a_limit_connections_are_closed_and_nobody_takes_them() -> None:
    """Envoy would let them wait for the first service instead; that is said (MSH1153)."""
    limited = rule("connectionPool: {tcp: {maxConnections: 1}}")
    config = proxy(compiled(SHOP, TO_SPARE, limited), "client-v1")
    async with running(config, answering=databases(config)):
        port = next(p for p in config.outbound_tcp if p.service_name == "db")
        answers, held = await asyncio.open_connection(port.address, port.port)
        await asyncio.sleep(0.2)
        assert await connect(config) == ""
        held.write(b"who?\n")
        assert (await answers.read()).decode().strip() in places(config, "db")
        held.close()


async def test_when_the_other_service_is_away_too_the_connection_is_closed_at_once() -> None:
    both = nobody("db").replace("selector: {app: spare}", "selector: {app: nobody}")
    config = proxy(compiled(both, TO_SPARE), "client-v1")
    async with running(config, answering=databases(config)):
        assert await connect(config) == ""
