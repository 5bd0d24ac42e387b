"""Who asks control for what is another's: real gRPC clients, refused and logged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest

from proxy.ads.server import METHOD, SERVICE
from proxy.identity import spiffe
from proxy.xds.messages import LISTENER, SECRET, message
from tests.proxy.ads.fleet import CONTROL_HOST, CONTROL_PORT, DOMAIN, Root
from tests.proxy.control.test_refusals import SHOP, proxies
from tests.proxy.control.test_troubles import sweep
from tests.proxy.control.whole import apply, control, eventually, in_thread
from tests.routing.app.shop import Api

ASKING = message("envoy.service.discovery.v3.DeltaDiscoveryRequest")
ANSWER = message("envoy.service.discovery.v3.DeltaDiscoveryResponse")
OWN = spiffe.workload_id(DOMAIN, "shop", "default")


@asynccontextmanager
async def shop(operator: Api, root: Root) -> AsyncIterator[str]:
    """Control with one proxy to serve; gives its node id."""
    async with control(root):
        await apply(operator, SHOP)
        await in_thread(sweep)
        (proxy,) = await eventually(lambda: proxies(operator))
        yield proxy["id"]


def credentials(root: Root, trusted: Root, uri: str) -> grpc.ChannelCredentials:
    pair = root.issue(uri)
    return grpc.ssl_channel_credentials(
        trusted.pem.encode(), pair.key_pem.encode(), pair.certificate_pem.encode()
    )


async def ask(given: grpc.ChannelCredentials, node: str, url: str = LISTENER, *names: str) -> Any:
    """The first response to a proxy that calls itself `node`, or the status it is sent away with."""
    options = (("grpc.ssl_target_name_override", "localhost"),)
    address = f"{CONTROL_HOST}:{CONTROL_PORT}"
    async with grpc.aio.secure_channel(address, given, options=options) as channel:
        stream = channel.stream_stream(
            f"/{SERVICE}/{METHOD}", ASKING.SerializeToString, ANSWER.FromString
        )()  # type: ignore[call-arg]  # the stubs want an iterator
        try:
            await stream.write(
                ASKING(node={"id": node}, type_url=url, resource_names_subscribe=list(names))
            )
            async with asyncio.timeout(3):
                return await stream.read()
        except TimeoutError:
            return None
        except grpc.aio.AioRpcError as error:
            return error.code()
        finally:
            stream.cancel()


@pytest.mark.parametrize(
    ("uri", "refusal"),
    [
        (spiffe.workload_id(DOMAIN, "bank", "default"), f"the node id belongs to {OWN}"),
        (spiffe.workload_id(DOMAIN, "shop", "other"), f"the node id belongs to {OWN}"),
        (spiffe.agent_id(DOMAIN, "local"), f"the node id belongs to {OWN}"),
        (spiffe.workload_id("elsewhere", "shop", "default"), f"the node id belongs to {OWN}"),
    ],
)
async def test_a_node_id_is_only_for_its_own_identity(
    operator: Api, caplog: pytest.LogCaptureFixture, uri: str, refusal: str
) -> None:
    root = Root()
    async with shop(operator, root) as node:
        assert await ask(credentials(root, root, uri), node) is grpc.StatusCode.PERMISSION_DENIED
        assert f"refused proxy {node} of ('{uri}',): {refusal}" in caplog.text
        assert await in_thread(lambda: [one["connected"] for one in proxies(operator)]) == [False]


async def test_a_node_that_is_none_is_refused(
    operator: Api, caplog: pytest.LogCaptureFixture
) -> None:
    root = Root()
    async with shop(operator, root):
        for node in ("sidecar~127.0.0.9~ghost.shop~shop.svc.cluster.local", ""):
            answer = await ask(credentials(root, root, OWN), node)
            assert answer is grpc.StatusCode.PERMISSION_DENIED
        assert caplog.text.count("no pod has this node id") == 2


async def test_certificates_of_strangers_do_not_come_in(operator: Api) -> None:
    root, foreign = Root(), Root()
    async with shop(operator, root) as node:
        answer = await ask(credentials(foreign, root, OWN), node)
        assert answer is grpc.StatusCode.UNAVAILABLE
        nobody = grpc.ssl_channel_credentials(root.pem.encode())
        assert await ask(nobody, node) is grpc.StatusCode.UNAVAILABLE


async def test_a_secret_of_a_gateway_is_not_for_a_sidecar_that_asks_for_it(operator: Api) -> None:
    root = Root()
    async with shop(operator, root) as node:
        own = credentials(root, root, OWN)
        served = await ask(own, node, LISTENER, "*")
        assert served.type_url == LISTENER
        names = ("shop-cert", "istio-ingress/shop-cert", "default")
        assert await ask(own, node, SECRET, *names) is None
