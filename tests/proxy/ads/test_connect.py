"""CONNECT through a real egress port: bytes of any kind reach what only speaks TCP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proxy.xds.messages import ROUTES, as_dict
from proxy.xds.options import Options
from proxy.xds.snapshot import Snapshots
from proxy.xds.static import content
from routing.ir import (
    Cluster,
    ClusterKind,
    Endpoint,
    OutboundHttpListener,
    ProxyConfig,
    Route,
    RouteConfig,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from tests.proxy.ads.fleet import Root, Seen, control, envoy, get, until
from tests.proxy.ads.test_two_envoys import APP_V1, PAGE, Fleet, proxy, settled
from topology.contracts import AppProtocol


def config(*, ignore_port: bool = False) -> ProxyConfig:
    route = Route(
        name="tunnel",
        match=RouteMatch(connect=True),
        clusters=(WeightedCluster(cluster="outside"),),
    )
    host = VirtualHost(name="outside", domains=("outside.test:9443",), routes=(route,))
    return ProxyConfig(
        proxy=proxy(PAGE),
        outbound_http=OutboundHttpListener(
            address=PAGE.outbound_address, port=15001, route_config="outbound"
        ),
        routes=(RouteConfig(name="outbound", virtual_hosts=(host,), ignore_port=ignore_port),),
        clusters=(
            Cluster(
                name="outside",
                kind=ClusterKind.STATIC,
                protocol=AppProtocol.TLS,
                endpoints=(Endpoint(address=APP_V1, port=9443),),
            ),
        ),
    )


@asynccontextmanager
async def echo() -> AsyncIterator[None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(100):
            writer.write(b"<" + some + b">")
        writer.close()

    server = await asyncio.start_server(serve, APP_V1, 9443)
    try:
        yield
    finally:
        server.close()


@pytest.mark.envoy
async def test_an_application_tunnels_through_the_egress_port() -> None:
    root, seen, fleet = Root(), Seen(), Fleet()
    fleet.set(config())
    async with echo(), envoy(PAGE, root, "page"), control(root, seen) as ads:
        ads.serve(fleet.now, ())
        await until(lambda: settled(seen, fleet))
        reader, writer = await asyncio.open_connection(PAGE.outbound_address, 15001)
        writer.write(b"CONNECT outside.test:9443 HTTP/1.1\r\nHost: outside.test:9443\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.write(b"\x16\x03\x01 anything")
        assert await reader.readexactly(14) == b"<\x16\x03\x01 anything>"
        writer.close()
        assert (await get(PAGE.outbound_address, 15001, "outside.test:9443"))[0] == 404


def test_domains_may_be_compared_without_the_clients_port() -> None:
    for ignore in (False, True):
        made = Snapshots(Options()).snapshot(config(ignore_port=ignore))
        table = as_dict(content(made.of(ROUTES)["outbound"]))
        assert table.get("ignore_port_in_host_matching", False) is ignore
        assert [host["name"] for host in table["virtual_hosts"]] == ["outside"]
