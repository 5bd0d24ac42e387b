"""The agent of one host: pulls its pods from control and runs them through the keeper."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from proxy.agent import outliers
from proxy.agent.control_client import ControlClient, ControlRefused, Orders
from proxy.agent.host import Host, for_applications
from proxy.agent.keeper_client import KeeperClient, KeeperLost, Refusal
from proxy.agent.questions import Answering
from proxy.agent.runner import PodRunner, Tools
from proxy.agent.svids import OwnIdentity, Svids, Trusted, told, write_private
from proxy.identity import spiffe, wire
from topology.contracts import Assignment, Pod, PodPhase

log = logging.getLogger(__name__)

AT_ONCE = 4
REPORT_SECONDS = 5.0
OUTLIERS_SECONDS = 0.5
COALESCE_SECONDS = 0.02
RETRY_SECONDS = 0.5
STRAY_GRACE_SECONDS = 2.0
KEEPER_SECONDS = 2.0
KEPT_LOGS = 300


class Agent:
    def __init__(self, host: Host, env: Mapping[str, str], token: str) -> None:
        self._host = host
        self._control = ControlClient(host.control)
        self._trusted = Trusted()
        self._own = OwnIdentity(host, self._control, self._trusted, token)
        self._keeper = KeeperClient(host.keeper_socket, self._keeper_changed)
        self._svids = Svids(self._control, self._trusted, self._identity_changed)
        self._runners: dict[str, PodRunner] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._tools = Tools(
            host=host,
            keeper=self._keeper,
            starting=asyncio.Semaphore(AT_ONCE),
            env=for_applications(env),
            on_report=self._news.set,
            on_gone=self._gone,
        )

    async def run(self) -> None:
        """For ever. What was running before this agent is adopted, with or without control."""
        self._host.own.mkdir(parents=True, exist_ok=True, mode=0o700)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keeper.run())
            self._adopt()
            await self._own.establish()
            log.info("agent of node %s has its identity", self._host.node)
            group.create_task(self._own.keep())
            group.create_task(self._watch())
            group.create_task(self._report())
            group.create_task(self._follow_outliers())
            group.create_task(Answering(self._control, self._admin_of).run())

    def _adopt(self) -> None:
        """Take up the pods of the last time, if the keeper can still be holding them."""
        try:
            kept = json.loads((self._host.own / "pods.json").read_text())
            assigned = tuple(wire.assignment_in(one) for one in kept["pods"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        self._take(assigned)

    async def _watch(self) -> None:
        while True:
            try:
                async for orders in self._control.watch():
                    self._remember(orders.pods)
                    self._take(orders.pods)
                    await self._follow(orders)
                    await self._end_strays(orders.pods)
            except (OSError, TimeoutError, ControlRefused, KeeperLost, Refusal) as error:
                log.warning("control is away: %s", error or type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                self._control.turn()

    async def _follow(self, orders: Orders) -> None:
        """Trust whom control trusts, and renew what it wants renewed."""
        if self._trusted.learn(orders.roots):
            log.info("%d roots are trusted", orders.roots.pem.count("BEGIN CERTIFICATE"))
        self._svids.follow(orders.renew)
        self._own.follow()
        self._news.set()

    def _remember(self, assigned: Iterable[Assignment]) -> None:
        text = json.dumps({"pods": [wire.assignment_out(one) for one in assigned]})
        write_private(self._host.own / "pods.json", text)

    def _take(self, assigned: Iterable[Assignment]) -> None:
        """Make the runners those of the assignments; one whose pod control has dropped ends it."""
        given = {one.pod.uid: one for one in assigned}
        self._svids.want(sorted({self._uri(a.pod) for a in given.values() if a.pod.sidecar}))
        for uid, one in given.items():
            if uid in self._runners:
                self._runners[uid].assign(one)
            else:
                self._begin(one)
        for uid, runner in self._runners.items():
            if uid not in given:
                runner.assign(terminating(runner.assigned))
        self._news.set()

    def _begin(self, assigned: Assignment) -> None:
        runner = PodRunner(assigned, self._tools)
        identity = self._svids.current.get(self._uri(assigned.pod))
        if identity is not None:
            runner.offer(identity)
        self._runners[assigned.pod.uid] = runner
        self._tasks[assigned.pod.uid] = asyncio.create_task(self._keep_running(runner))

    async def _keep_running(self, runner: PodRunner) -> None:
        """A fault in running one pod is told and tried again; it never ends the others."""
        while True:
            try:
                await runner.run()
            except Exception:
                log.exception("pod %s", runner.assigned.pod.name)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _end_strays(self, assigned: Iterable[Assignment]) -> None:
        """End processes that belong to no pod control or we know of."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KEEPER_SECONDS):
                await self._keeper.connected.wait()
        known = {one.pod.uid for one in assigned} | self._runners.keys()
        for name, held in list(self._keeper.held.items()):
            if name.partition("/")[0] in known:
                continue
            if held.running:
                await self._keeper.stop(name, STRAY_GRACE_SECONDS)
            else:
                await self._keeper.forget(name)

    def _gone(self, uid: str) -> None:
        self._runners.pop(uid, None)
        self._tasks.pop(uid, None)
        prune(self._host.home / "logs" / "pods")
        self._news.set()

    async def _report(self) -> None:
        """At once after a change, and every few seconds: silence means the node is gone.

        Not before every pod has been looked at: one that is being adopted is no new one.
        """
        while True:
            await asyncio.sleep(COALESCE_SECONDS)
            self._news.clear()
            try:
                if all(runner.looked for runner in self._runners.values()):
                    reports = [r.report for r in self._runners.values()]
                    ejections = outliers.told((u, r.outliers) for u, r in self._runners.items())
                    await self._control.report(reports, list(self._identities()), ejections)
            except (OSError, ControlRefused) as error:
                log.warning("could not report: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    await self._news.wait()

    async def _follow_outliers(self) -> None:
        while True:
            await asyncio.sleep(OUTLIERS_SECONDS)
            news = [runner.outliers.follow() for runner in self._runners.values()]
            if any(news):
                self._news.set()

    def _identities(self) -> Iterator[dict[str, Any]]:
        """The agent's own, and what Envoys have acknowledged."""
        if self._own.current is not None:
            yield told(None, self._own.current)
        for runner in self._runners.values():
            if runner.held is not None:
                yield told(runner.assigned.pod.proxy_id, runner.held)

    def _keeper_changed(self, name: str) -> None:
        runner = self._runners.get(name.partition("/")[0])
        if runner is not None:
            runner.woken.set()

    def _identity_changed(self, uri: str) -> None:
        identity = self._svids.current[uri]
        left = identity.not_after - time.time()
        log.info("certificate for %s, valid for %.0f s", uri, left)
        for runner in self._runners.values():
            if self._uri(runner.assigned.pod) == uri:
                runner.offer(identity)

    def _admin_of(self, uid: str) -> Path | None:
        """Where the Envoy of a pod that runs here is asked."""
        runner = self._runners.get(uid)
        if runner is None or not runner.assigned.pod.sidecar:
            return None
        return self._host.pod_socket(uid, "admin")

    def _uri(self, pod: Pod) -> str:
        return spiffe.workload_id(self._host.trust_domain, pod.namespace, pod.service_account)


def prune(logs: Path) -> None:
    """Keep the newest logs of pods that are gone."""
    with contextlib.suppress(OSError):
        files = sorted(logs.iterdir(), key=lambda f: f.stat().st_mtime, reverse=True)
        for file in files[KEPT_LOGS:]:
            file.unlink(missing_ok=True)


def terminating(assigned: Assignment) -> Assignment:
    return replace(assigned, pod=replace(assigned.pod, phase=PodPhase.TERMINATING))
