"""A real Envoy answers from another service, or by itself, where a service cannot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from proxy.ads.server import AdsServer
from routing.compile import Compiler, MeshInput
from tests.proxy.ads.fleet import Root, Seen, application, control, envoy, get, until
from tests.proxy.ads.test_two_envoys import Fleet, settled
from tests.routing.mesh import documents, registry, service
from topology.contracts import Pod, PodPhase, Registry

pytestmark = pytest.mark.envoy

SERVICES = "\n---\n".join(service(name) for name in ("client", "reviews", "spare"))
ADDRESSES = {"client": "127.93.1.3", "reviews": "127.93.1.4", "spare": "127.93.1.5"}
TO_SPARE = """
apiVersion: meshweb.dev/v1
kind: Fallback
metadata: {name: spare, namespace: shop}
spec: {host: reviews, destination: {host: spare}}
"""
TO_A_BODY = """
apiVersion: meshweb.dev/v1
kind: Fallback
metadata: {name: body, namespace: shop}
spec:
  host: reviews
  on: [unavailable, 5xx]
  response: {status: 203, contentType: application/json, body: '{"full": "100 %"}'}
"""
EJECTING = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec:
  host: reviews
  trafficPolicy:
    outlierDetection:
      {consecutive5xxErrors: 1, interval: 100ms, baseEjectionTime: 1s, maxEjectionPercent: 100}
"""
LIMITED = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec:
  host: reviews
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}
"""
SUSPENDED = """
apiVersion: meshweb.dev/v1
kind: Suspend
metadata: {name: service-reviews, namespace: shop}
spec: {service: reviews, reason: disk full}
"""
NO_WORKLOAD = """
apiVersion: meshweb.dev/v1
kind: Suspend
metadata: {name: workload-reviews-v1, namespace: shop}
spec: {workload: reviews-v1}
"""


def running(without: str) -> Registry:
    """The applications without sidecars, for it is the client's proxy that is tried here."""
    pods = tuple(placed(pod) for pod in registry(documents(SERVICES)).pods)
    kept = tuple(pod for pod in pods if pod.name.partition("-")[0] != without)
    return replace(registry(documents(SERVICES)), pods=kept)


def placed(pod: Pod) -> Pod:
    name = pod.name.partition("-")[0]
    return replace(
        pod,
        name=f"{name}-1",
        uid=name,
        address=ADDRESSES[name],
        outbound_address="127.95.1.3",
        sidecar=name == "client",
        service_account=name,
        phase=PodPhase.RUNNING,
        ready=True,
    )


@dataclass
class Client:
    """The client's Envoy under one configuration after another."""

    ads: AdsServer
    seen: Seen
    fleet: Fleet = field(default_factory=Fleet)
    compiler: Compiler = field(default_factory=Compiler)

    async def given(self, *resources: str, without: str = "") -> None:
        mesh = self.compiler.compile(
            MeshInput(documents=documents(SERVICES, *resources), registry=running(without))
        )
        changed = self.fleet.set(*mesh.configs.values())
        self.ads.serve(self.fleet.now, tuple(changed))
        await until(lambda: settled(self.seen, self.fleet))
        assert self.seen.refusals == []

    async def ask(self, path: str = "/") -> tuple[int, str]:
        return await get("127.95.1.3", 15001, "reviews.shop", path)


@asynccontextmanager
async def client() -> AsyncIterator[Client]:
    root, seen = Root(), Seen()
    pod = next(p for p in running("").pods if p.sidecar)
    async with AsyncExitStack() as stack:
        for name in ("reviews", "spare"):
            await stack.enter_async_context(application(ADDRESSES[name], 8080, name))
        await stack.enter_async_context(envoy(pod, root, "client"))
        yield Client(await stack.enter_async_context(control(root, seen)), seen)


async def test_another_service_answers_while_there_is_no_endpoint() -> None:
    async with client() as shop:
        await shop.given(TO_SPARE)
        assert await shop.ask() == (200, "reviews")
        await shop.given(TO_SPARE, without="reviews")
        assert await shop.ask() == (200, "spare")
        await shop.given(TO_SPARE)
        assert await shop.ask() == (200, "reviews")


async def test_another_service_answers_while_every_endpoint_is_ejected() -> None:
    async with client() as shop:
        await shop.given(TO_SPARE, EJECTING)
        assert await shop.ask("/500") == (500, "reviews")
        await asyncio.sleep(0.3)
        assert await shop.ask() == (200, "spare")
        await asyncio.sleep(2.5)
        assert await shop.ask() == (200, "reviews")


async def test_another_service_answers_what_a_limit_turns_away() -> None:
    async with client() as shop:
        await shop.given(TO_SPARE, LIMITED)
        answers = await asyncio.gather(*(slowly(shop, 0.02 * i) for i in range(8)))
        assert sorted({status for status, _ in answers}) == [200]
        assert sorted({body for _, body in answers}) == ["reviews", "spare"]


async def test_a_body_answers_for_no_endpoint_a_limit_and_an_error() -> None:
    async with client() as shop:
        await shop.given(TO_A_BODY, LIMITED, without="reviews")
        assert await shop.ask() == (203, '{"full": "100 %"}')
        await shop.given(TO_A_BODY, LIMITED)
        assert await shop.ask() == (200, "reviews")
        assert await shop.ask("/500") == (203, '{"full": "100 %"}')
        answers = await asyncio.gather(*(slowly(shop, 0.02 * i) for i in range(8)))
        assert sorted({status for status, _ in answers}) == [200, 203]


async def test_a_suspended_service_says_so_or_its_fallback_answers() -> None:
    async with client() as shop:
        await shop.given(SUSPENDED)
        assert await shop.ask() == (503, "reviews.shop is suspended: disk full\n")
        await shop.given(SUSPENDED, TO_SPARE)
        assert await shop.ask() == (200, "spare")
        await shop.given(SUSPENDED, TO_A_BODY)
        assert await shop.ask() == (203, '{"full": "100 %"}')
        await shop.given()
        assert await shop.ask() == (200, "reviews")


async def test_a_suspended_workload_ends_what_is_under_way_and_gets_nothing_new() -> None:
    async with client() as shop:
        await shop.given()
        under_way = asyncio.create_task(shop.ask("/slow"))
        await asyncio.sleep(0.1)
        await shop.given(NO_WORKLOAD)
        assert (await shop.ask())[0] == 503
        assert await under_way == (200, "reviews")


async def slowly(shop: Client, after: float) -> tuple[int, str]:
    await asyncio.sleep(after)
    return await shop.ask("/slow")
