"""Two real gateways on one address, as in a rolling update, and one whose address is taken."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.agent import probe
from proxy.xds.messages import LISTENER
from routing.ir import (
    Cluster,
    ClusterKind,
    Endpoint,
    GatewayListener,
    GatewayServer,
    ProxyConfig,
    RouteConfig,
)
from tests.proxy.ads.fleet import Root, Seen, application, control, envoy, get, until
from tests.proxy.ads.test_two_envoys import (
    APP_V1,
    REVIEWS,
    SERVER,
    Fleet,
    everything,
    pod,
    proxy,
    server,
    settled,
)
from topology.contracts import AppProtocol, Pod

pytestmark = pytest.mark.envoy

SHARED = "127.93.1.9"


def gateway(name: str, address: str) -> Pod:
    return replace(pod("gw", address), name=f"gw-{name}", uid=name, gateway=True)


OLD, NEW = gateway("old", "127.93.1.21"), gateway("new", "127.93.1.22")


def passes_on(of: Pod) -> ProxyConfig:
    server = GatewayServer(name="http", server_names=("*",), route_config="http.8080")
    return ProxyConfig(
        proxy=replace(proxy(of), gateway=True),
        gateways=(GatewayListener(address=SHARED, port=8080, servers=(server,)),),
        clusters=(
            Cluster(
                name="app",
                kind=ClusterKind.STATIC,
                protocol=AppProtocol.HTTP,
                endpoints=(Endpoint(address=APP_V1, port=9080),),
            ),
        ),
        routes=(RouteConfig(name="http.8080", virtual_hosts=everything("app")),),
    )


async def test_a_gateway_takes_over_anothers_port_without_a_failed_request() -> None:
    root, seen, fleet = Root(), Seen(), Fleet()
    fleet.set(passes_on(OLD), passes_on(NEW))
    answers: list[int] = []
    async with (
        application(APP_V1, 9080, "v1"),
        control(root, seen) as ads,
        envoy(NEW, root, "gw"),
    ):
        async with envoy(OLD, root, "gw") as log:
            ads.serve(fleet.now, ())
            await until(lambda: settled(seen, fleet))
            asking = asyncio.create_task(_ask_on(answers))
            await asyncio.sleep(0.3)
            await probe.drain(_admin(log), still_accept=False)
            await asyncio.sleep(0.5)
        await asyncio.sleep(0.3)
        asking.cancel()
    assert seen.refusals == []
    assert len(answers) > 50
    assert set(answers) == {200}


async def test_a_taken_address_is_tried_again_until_it_is_free() -> None:
    root, seen, fleet = Root(), Seen(), Fleet()
    fleet.set(server())
    with socket.socket() as other:
        other.bind((SERVER, 9080))
        other.listen()
        async with envoy(REVIEWS, root, "reviews"), control(root, seen) as ads:
            ads.serve(fleet.now, ())
            await until(lambda: seen.refusals)
            assert seen.refusals[0][1].error == (
                "Error adding/updating listener(s) 127.93.1.2_9080: "
                "cannot bind '127.93.1.2:9080': Address already in use\n"
            )
            # nothing of a refused response counts as taken, its good neighbours neither
            refused = [one.name for one in seen.refusals[0][1].resources]
            assert refused == ["127.93.1.2_9080", "127.93.1.2_9081"]
            ads.again(REVIEWS.proxy_id, LISTENER, refused)
            await until(lambda: len(seen.refusals) == 2)
            assert seen.settled_snapshots == []
            other.close()
            ads.again(REVIEWS.proxy_id, LISTENER, refused)
            await until(lambda: settled(seen, fleet))


def _admin(log: Path) -> Path:
    return log.parent / "admin.sock"


async def _ask_on(answers: list[int]) -> None:
    while True:
        answers.append((await get(SHARED, 8080, "shop"))[0])
        await asyncio.sleep(0.005)
