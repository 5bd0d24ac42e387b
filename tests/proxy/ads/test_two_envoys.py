"""Two real Envoys, mTLS between them and to control: pushes, refusals, and control's death."""

import asyncio
from dataclasses import replace

import pytest

from proxy.xds.messages import CLUSTER
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot, Snapshots
from routing.ir import (
    Cluster,
    ClusterEndpoints,
    ClusterKind,
    Endpoint,
    InboundListener,
    MeshTls,
    MtlsMode,
    OutboundHttpListener,
    Proxy,
    ProxyConfig,
    Route,
    RouteConfig,
    VirtualHost,
    WeightedCluster,
)
from tests.proxy.ads.fleet import (
    Root,
    Seen,
    application,
    control,
    envoy,
    get,
    until,
)
from topology.contracts import AppProtocol, Pod

pytestmark = pytest.mark.envoy

SERVER, CLIENT = "127.93.1.2", "127.93.1.3"
APP_V1, APP_V2 = "127.94.1.2", "127.94.1.4"
STRICT = frozenset({MtlsMode.STRICT})


def pod(name: str, address: str) -> Pod:
    return Pod(
        namespace="shop",
        name=f"{name}-1",
        uid=name,
        workload=name,
        replica_set=name,
        labels=(("app", name),),
        service_account=name,
        node="here",
        address=address,
        app_address=address.replace("127.93", "127.94"),
        outbound_address=address.replace("127.93", "127.95"),
    )


def proxy(of: Pod) -> Proxy:
    return Proxy(
        id=of.proxy_id,
        namespace=of.namespace,
        pod=of.name,
        workload=of.workload,
        app=of.app,
        version="v1",
        labels=of.labels,
        service_account=of.service_account,
        address=of.address,
        app_address=of.app_address,
        outbound_address=of.outbound_address,
    )


REVIEWS, PAGE = pod("reviews", SERVER), pod("page", CLIENT)


def everything(cluster: str) -> tuple[VirtualHost, ...]:
    target = (WeightedCluster(cluster=cluster),)
    route = Route(name="all", clusters=target, service_name="reviews", service_namespace="shop")
    return (VirtualHost(name="all", domains=("*",), routes=(route,)),)


def server(modes: frozenset[MtlsMode] = STRICT) -> ProxyConfig:
    return ProxyConfig(
        proxy=proxy(REVIEWS),
        inbound=tuple(
            InboundListener(
                address=SERVER,
                port=port,
                protocol=AppProtocol.HTTP,
                modes=modes,
                cluster=f"inbound|{port}||",
                route_config=f"inbound|{port}",
                service_namespace="shop",
                service_name="reviews",
            )
            for port in (9080, 9081)
        ),
        clusters=tuple(
            Cluster(
                name=f"inbound|{port}||",
                kind=ClusterKind.STATIC,
                protocol=AppProtocol.HTTP,
                endpoints=(Endpoint(address=address, port=9080),),
            )
            for port, address in ((9080, APP_V1), (9081, APP_V2))
        ),
        routes=tuple(
            RouteConfig(name=f"inbound|{port}", virtual_hosts=everything(f"inbound|{port}||"))
            for port in (9080, 9081)
        ),
    )


def outbound(version: str, connect_timeout_ms: int = 1000) -> Cluster:
    name = f"outbound|9080|{version}|reviews.shop.svc.cluster.local"
    made = Cluster(
        name=name,
        kind=ClusterKind.EDS,
        protocol=AppProtocol.HTTP,
        service_name="reviews",
        service_namespace="shop",
        tls=MeshTls(sans=("spiffe://cluster.local/ns/shop/sa/reviews",), sni=name),
    )
    return replace(made, limits=replace(made.limits, connect_timeout_ms=connect_timeout_ms))


def client(version: str, *, both: bool = True, mtls: bool = True) -> ProxyConfig:
    """Sends everything to one version; knows the other one too if `both`."""
    known = [one for one in ("v1", "v2") if both or one == version]
    ports = {"v1": 9080, "v2": 9081}
    return ProxyConfig(
        proxy=proxy(PAGE),
        outbound_http=OutboundHttpListener(
            address=PAGE.outbound_address, port=15001, route_config="outbound"
        ),
        routes=(RouteConfig(name="outbound", virtual_hosts=everything(outbound(version).name)),),
        clusters=tuple(outbound(one) for one in known),
        endpoints=tuple(
            ClusterEndpoints(
                cluster=outbound(one).name,
                endpoints=(
                    Endpoint(
                        address=SERVER,
                        port=ports[one],
                        mtls=mtls,
                        namespace="shop",
                        workload="reviews",
                    ),
                ),
            )
            for one in known
        ),
    )


class Fleet:
    """What control is to serve, as snapshots."""

    def __init__(self) -> None:
        self._snapshots = Snapshots(Options(access_log=False))
        self.now: dict[str, ProxySnapshot] = {}

    def set(self, *configs: ProxyConfig) -> list[str]:
        for config in configs:
            known = self.now.get(config.proxy.id)
            self.now[config.proxy.id] = self._snapshots.snapshot(config, known)
        return [config.proxy.id for config in configs]


def settled(seen: Seen, fleet: Fleet) -> bool:
    return set(map(id, fleet.now.values())) <= set(map(id, seen.settled_snapshots))


async def ask() -> tuple[int, str]:
    return await get(PAGE.outbound_address, 15001, "reviews")


async def test_a_small_fleet_lives_through_changes_refusals_and_the_death_of_control() -> None:
    root, seen, fleet = Root(), Seen(), Fleet()
    fleet.set(server(), client("v1", both=False))
    async with (
        application(APP_V1, 9080, "v1") as got,
        application(APP_V2, 9080, "v2"),
        envoy(REVIEWS, root, "reviews"),
        envoy(PAGE, root, "page"),
    ):
        async with control(root, seen) as ads:
            ads.serve(fleet.now, ())
            await until(lambda: settled(seen, fleet))
            assert await ask() == (200, "v1")
            assert "x-meshweb-source" not in got[0]
            assert "x-request-id" in got[0]

            # strict: neither plain text nor a stranger's certificate comes in
            assert await get(SERVER, 9080, "reviews") == (0, "")

            # a new cluster and a route to it: no request fails on the way
            answers: list[tuple[int, str]] = []
            asking = asyncio.create_task(_ask_on(answers))
            await asyncio.sleep(0.1)
            ads.serve(fleet.now, fleet.set(client("v2")))
            await until(lambda: settled(seen, fleet))
            assert await ask() == (200, "v2")
            ads.serve(fleet.now, fleet.set(client("v2", both=False)))
            await until(lambda: settled(seen, fleet))
            asking.cancel()
            assert {status for status, _ in answers} == {200}
            assert not seen.refusals

            # one bad cluster is refused by name; its good neighbour is taken
            good = client("v1")
            bad = replace(
                outbound("v1"),
                name="bad",
                kind=ClusterKind.STATIC,
                endpoints=(Endpoint(address="not-an-address", port=1),),
            )
            ads.serve(fleet.now, fleet.set(replace(good, clusters=(*good.clusters, bad))))
            await until(lambda: seen.refusals)
            refused, refusal = seen.refusals[0]
            assert (refused, refusal.type_url) == (PAGE.proxy_id, CLUSTER)
            assert "bad" in refusal.error
            assert (await ask())[0] == 200
            ads.serve(fleet.now, fleet.set(good))
            await until(lambda: settled(seen, fleet))
            assert await ask() == (200, "v1")

        # nobody is there: traffic goes on
        assert await ask() == (200, "v1")
        back = Seen()
        async with control(root, back) as ads:
            ads.serve(fleet.now, ())
            await until(lambda: settled(back, fleet))
            assert await ask() == (200, "v1")
            ads.serve(fleet.now, fleet.set(client("v2")))
            await until(lambda: settled(back, fleet))
            assert await ask() == (200, "v2")


async def test_a_proxy_with_another_ones_name_is_refused() -> None:
    root, seen, fleet = Root(), Seen(), Fleet()
    fleet.set(server())
    async with control(root, seen) as ads, envoy(REVIEWS, root, "page"):
        ads.serve(fleet.now, ())
        await asyncio.sleep(1.0)
    assert (seen.connections, seen.settled_snapshots) == ([], [])


async def test_mtls_is_switched_on_and_off_without_a_failed_request() -> None:
    root, seen, fleet = Root(), Seen(), Fleet()
    plain, both = frozenset({MtlsMode.DISABLE}), frozenset({MtlsMode.DISABLE, MtlsMode.STRICT})
    fleet.set(server(plain), client("v1", mtls=False))
    steps = (
        (server(both), client("v1", mtls=False)),
        (server(both), client("v1")),
        (server(), client("v1")),
        (server(both), client("v1")),
        (server(both), client("v1", mtls=False)),
        (server(plain), client("v1", mtls=False)),
    )
    async with (
        application(APP_V1, 9080, "v1"),
        envoy(REVIEWS, root, "reviews"),
        envoy(PAGE, root, "page"),
        control(root, seen) as ads,
    ):
        ads.serve(fleet.now, ())
        await until(lambda: settled(seen, fleet))
        answers: list[tuple[int, str]] = []
        asking = asyncio.create_task(_ask_on(answers))
        for step in steps:
            ads.serve(fleet.now, fleet.set(*step))
            await until(lambda: settled(seen, fleet))
            await asyncio.sleep(0.2)
        asking.cancel()
    assert len(answers) > 50
    assert {status for status, _ in answers} == {200}


async def _ask_on(answers: list[tuple[int, str]]) -> None:
    while True:
        answers.append(await ask())
        await asyncio.sleep(0.003)
