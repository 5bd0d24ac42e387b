"""Control's own path, from a published change to the last ACK, without database and broker."""

import asyncio
import time

import grpc

from benchmarks.push_mesh import node_id, published, registry
from proxy.ads.responses import Responses
from proxy.ads.server import AdsServer
from proxy.ads.session import PUSH_ORDER, Rejected, Send
from proxy.fleet.planner import Plan, Planner, Sources
from proxy.fleet.progress import Progress
from proxy.xds.messages import ROUTES, SECRET
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot
from routing.contracts import PublishedConfig, RevisionState


class Ours:
    """Planner, ADS server and progress as `proxy.fleet.control` puts them together."""

    def __init__(self, clients: int) -> None:
        self._clients = clients
        self._registry = registry(clients)
        self._published = published(1, 10)
        # nobody waits for the proxies of the services themselves: only clients are simulated
        self._progress = Progress(now=0.0)
        self._ads = AdsServer(lambda _node, _uris: None, self)
        self._planner = Planner(
            Sources(published=self._newer, generation=lambda: "1", registry=lambda: self._registry),
            Options(),
            self._progress.last_good,
        )
        self._settled = asyncio.Event()
        self._left = 0
        self._plan = self._next_plan()

    def handler(self) -> grpc.GenericRpcHandler:  # type: ignore[type-arg]  # generic in stubs only
        return self._ads.handler()

    async def ready(self) -> None:
        """Until every simulated proxy has everything."""
        self._serve(self._plan)
        while not self._all_settled():
            await asyncio.sleep(0.05)

    async def push(self, weight: int) -> float:
        """Milliseconds from a published change to the revision's convergence."""
        self._published = published(self._published.number + 1, weight)
        self._settled.clear()
        self._left = self._clients
        began = time.perf_counter()
        self._plan = await asyncio.to_thread(self._next_plan)
        self._serve(self._plan)
        await asyncio.wait_for(self._settled.wait(), 120)
        took = (time.perf_counter() - began) * 1000
        states = {one.revision: one.state for one in self._progress.reports(time.time())}
        assert states[self._plan.number] is RevisionState.CONVERGED, states
        return took

    def initial_bytes(self) -> tuple[bytes, ...]:
        """What one proxy gets when it starts."""
        snapshot = self._plan.snapshots[node_id(0)]
        return tuple(
            Responses().serialise(Send(url, str(index), tuple(snapshot.of(url).values())))
            for index, url in enumerate(PUSH_ORDER)
            if url != SECRET
        )

    def change_bytes(self) -> bytes:
        """What one proxy gets when the weight changes."""
        outbound = self._plan.snapshots[node_id(0)].of(ROUTES)["outbound"]
        return Responses().serialise(Send(ROUTES, "99", (outbound,)))

    def _serve(self, plan: Plan) -> None:
        told = [plan.snapshots[proxy_id] for proxy_id in plan.changed]
        now = time.time()
        self._progress.pushed(plan.number, now, told, final=plan.final, now=now)
        self._ads.serve(plan.snapshots, plan.changed)

    def _next_plan(self) -> Plan:
        plan = self._planner.plan()
        assert isinstance(plan, Plan)
        return plan

    def _newer(self, after: int | None) -> PublishedConfig | None:
        return None if after == self._published.number else self._published

    def _all_settled(self) -> bool:
        return len(self._ads.connected()) == self._clients and self._progress.all_settled(time.time())

    # What proxies do (`Events` of the ADS server)

    def connected(self, proxy_id: str, certificate_expires_at: float | None) -> None:
        del certificate_expires_at
        self._progress.connected(proxy_id)

    def disconnected(self, proxy_id: str) -> None:
        self._progress.disconnected(proxy_id)

    def sent(self, proxy_id: str, type_url: str) -> None:
        pass

    def written(self, proxy_id: str, type_url: str, size: int, seconds: float) -> None:
        pass

    def faulty(self, proxy_id: str) -> None:
        pass

    def acknowledged(self, proxy_id: str, type_url: str, snapshot: ProxySnapshot | None) -> None:
        pass

    def settled(self, snapshot: ProxySnapshot) -> None:
        self._progress.settled(snapshot, time.time())
        self._left -= 1
        if self._left <= 0:
            self._settled.set()

    def rejected(self, proxy_id: str, refusal: Rejected) -> None:
        raise AssertionError(f"{proxy_id} refused {refusal}")
