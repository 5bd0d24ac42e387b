"""Control's own path, from a published change to the last ACK, without database and broker."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

import grpc

from benchmarks.push_mesh import Given
from proxy.ads.responses import Responses
from proxy.ads.server import AdsServer
from proxy.ads.session import PUSH_ORDER, Rejected, Send
from proxy.fleet.asking import Standby
from proxy.fleet.metrics import Meter
from proxy.fleet.planner import Plan, Planner, Sources
from proxy.fleet.progress import Progress
from proxy.fleet.tryout import Tryout
from proxy.xds.messages import ROUTES, SECRET
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot
from routing.contracts import PublishedConfig, RevisionState

QUIET_SECONDS = 0.1
"""How long after a push something may still go to proxies that it does not concern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """From a published change to the revision's convergence; `told` are bytes by proxy."""

    ms: float
    plan_ms: float
    plan_cpu_ms: float
    told: dict[str, int]


class Ours:
    """Planner, trial, ADS server, meter and progress as `proxy.fleet.control` puts them together."""

    def __init__(self, given: Given, envoy: Standby) -> None:
        self._given = given
        self._clients = frozenset(given.node_ids)
        self._published = given.published
        # nobody waits for the proxies of the services themselves: only clients are simulated
        self._progress = Progress(now=0.0)
        self._meter = Meter(lambda: 0.0)
        self._ads = AdsServer(lambda _node, _uris: None, self)
        options = Options()
        sources = Sources(
            published=self._newer, generation=lambda: "1", registry=lambda: given.registry
        )
        self._planner = Planner(
            self._meter.sources(sources),
            options,
            self._progress.last_good,
            tryout=Tryout(options, envoy),
        )
        self._settled = asyncio.Event()
        self._left = 0
        self._told: Counter[str] = Counter()
        self._plan = self._next_plan()

    def handler(self) -> grpc.GenericRpcHandler:  # type: ignore[type-arg]  # generic in stubs only
        return self._ads.handler()

    async def ready(self) -> None:
        """Until every simulated proxy has everything."""
        self._serve(self._plan)
        while not self._all_settled():
            await asyncio.sleep(0.05)

    async def push(self, published: PublishedConfig) -> Pushed:
        self._published = published
        self._settled.clear()
        self._told.clear()
        began, worked = time.perf_counter(), time.process_time()
        self._plan = await asyncio.to_thread(self._next_plan)
        planned, plan_cpu = time.perf_counter() - began, time.process_time() - worked
        concerned = self._clients.intersection(self._plan.changed)
        self._left = len(concerned)
        self._serve(self._plan)
        await asyncio.wait_for(self._settled.wait(), 120)
        took = time.perf_counter() - began
        states = {one.revision: one.state for one in self._progress.reports(time.time())}
        assert states[self._plan.number] is RevisionState.CONVERGED, states
        await asyncio.sleep(QUIET_SECONDS)
        assert self._told.keys() == concerned, "a proxy was told what does not concern it"
        return Pushed(
            ms=took * 1000,
            plan_ms=planned * 1000,
            plan_cpu_ms=plan_cpu * 1000,
            told=dict(self._told),
        )

    def initial_bytes(self) -> tuple[bytes, ...]:
        """What one proxy gets when it starts."""
        snapshot = self._plan.snapshots[self._given.node_ids[0]]
        return tuple(
            Responses().serialise(Send(url, str(index), tuple(snapshot.of(url).values())))
            for index, url in enumerate(PUSH_ORDER)
            if url != SECRET
        )

    def change_bytes(self) -> bytes:
        """What one proxy gets when the weight changes."""
        outbound = self._plan.snapshots[self._given.node_ids[0]].of(ROUTES)["outbound"]
        return Responses().serialise(Send(ROUTES, "99", (outbound,)))

    def _serve(self, plan: Plan) -> None:
        told = [plan.snapshots[proxy_id] for proxy_id in plan.changed]
        now = time.time()
        self._progress.pushed(plan.number, now, told, final=plan.final, now=now)
        self._meter.planned(plan, new_revision=True)
        self._ads.serve(plan.snapshots, plan.changed)

    def _next_plan(self) -> Plan:
        plan = self._planner.plan()
        assert isinstance(plan, Plan)
        return plan

    def _newer(self, after: int | None) -> PublishedConfig | None:
        return None if after == self._published.number else self._published

    def _all_settled(self) -> bool:
        return self._ads.connected() == self._clients and self._progress.all_settled(time.time())

    # What proxies do (`Events` of the ADS server)

    def connected(self, proxy_id: str, certificate_expires_at: float | None) -> None:
        del certificate_expires_at
        self._meter.joined(proxy_id)
        self._progress.connected(proxy_id)

    def disconnected(self, proxy_id: str) -> None:
        self._meter.left(proxy_id)
        self._progress.disconnected(proxy_id)

    def sent(self, proxy_id: str, type_url: str) -> None:
        self._meter.sent(proxy_id, type_url)

    def written(self, proxy_id: str, type_url: str, size: int, seconds: float) -> None:
        self._meter.written(type_url, size, seconds)
        self._told[proxy_id] += size

    def faulty(self, proxy_id: str) -> None:
        pass

    def acknowledged(self, proxy_id: str, type_url: str, snapshot: ProxySnapshot | None) -> None:
        self._meter.acknowledged(proxy_id, type_url, wholly=snapshot is not None)

    def settled(self, snapshot: ProxySnapshot) -> None:
        self._meter.settled(snapshot.proxy_id)
        self._progress.settled(snapshot, time.time())
        self._left -= 1
        if self._left <= 0:
            self._settled.set()

    def rejected(self, proxy_id: str, refusal: Rejected) -> None:
        raise AssertionError(f"{proxy_id} refused {refusal}")
