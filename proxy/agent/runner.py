"""Runs one pod: gathers what is known of it, lets `lifecycle` decide, and does that."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from proxy.agent import bootstrap, lifecycle, probe
from proxy.agent.host import PROJECT, Host
from proxy.agent.keeper_client import Held, KeeperClient, KeeperLost, Refusal
from proxy.agent.lifecycle import Action, Facts, Process
from proxy.agent.outliers import OutlierLog
from proxy.agent.sds import SdsServer
from proxy.agent.svids import Identity, write_private
from proxy.xds.cluster import MESH_IDLE_SECONDS
from proxy.xds.descriptors import installed_binary
from topology.contracts import Assignment, Pod, PodPhase, PodReport
from topology.platform import environment

log = logging.getLogger(__name__)

LOOK_OFTEN_SECONDS = 0.15
LOOK_SELDOM_SECONDS = 2.0
GRACE_SECONDS = 5.0
SLOT_SECONDS = 2.0
"""How long one starting Envoy may keep the others waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What all runners share."""

    host: Host
    keeper: KeeperClient
    starting: asyncio.Semaphore
    env: Mapping[str, str]
    on_report: Callable[[], None]
    on_gone: Callable[[str], None]


class PodRunner:
    """Keeps the latest report in `report`, which means nothing until it has `looked`.

    Set `woken` when something may have changed.
    """

    def __init__(self, assigned: Assignment, tools: Tools) -> None:
        pod = assigned.pod
        self.assigned = assigned
        self.woken = asyncio.Event()
        self._tools = tools
        self._names = {"app": f"{pod.uid}/app", "proxy": f"{pod.uid}/proxy"}
        self._admin = tools.host.pod_socket(pod.uid, "admin")
        self.outliers = OutlierLog(tools.host.pod_socket(pod.uid, "outliers"))
        self._sds_socket = tools.host.pod_socket(pod.uid, "sds")
        self._sds = SdsServer(self._sds_socket, tools.on_report)
        self._app = None if pod.gateway else Process()
        self._proxy = Process() if pod.sidecar else None
        self._began_at = time.time()
        self._terminating_since: float | None = None
        self._drained = False
        self._holds_slot = False
        self.looked = False
        self.report = lifecycle.report(pod.uid, self._facts())

    def assign(self, assigned: Assignment) -> None:
        """A newer word from control; what runs is changed only by its end."""
        self.assigned = assigned
        self.woken.set()

    def offer(self, identity: Identity) -> None:
        self._sds.offer(identity)

    @property
    def held(self) -> Identity | None:
        """What its Envoy has acknowledged."""
        return self._sds.held

    async def run(self) -> None:
        """Until the pod has ended and is forgotten."""
        if self._proxy is not None:
            await self._sds.start()
        try:
            while not await self._step():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._patience()):
                        await self.woken.wait()
                self.woken.clear()
        finally:
            self._release_slot()
            await self._sds.stop()

    async def _step(self) -> bool:
        """Look, decide, act; True when there is nothing left of the pod."""
        if not self._tools.keeper.connected.is_set():
            self._lose()
            return False
        await self._look()
        self.looked = True
        for action in tuple(lifecycle.decide(self._facts())):
            if action is Action.FORGET:
                await self._forget()
                return True
            try:
                await self._do(action)
            except KeeperLost as error:
                log.warning("%s: %s", self._title(), error)
        self._tell()
        return False

    async def _look(self) -> None:
        """Take in what the keeper holds and whether it is ready."""
        pod = self.assigned.pod
        if pod.phase is PodPhase.TERMINATING and self._terminating_since is None:
            self._terminating_since = time.time()
        if self._app is not None:
            self._app = await self._refreshed(self._app, "app", self._app_ready)
        if self._proxy is not None:
            self._proxy = await self._refreshed(self._proxy, "proxy", self._proxy_ready)
            if self._proxy.ready:
                self._release_slot()

    def _lose(self) -> None:
        """Without a keeper nothing runs any more; before the first look nothing is known."""
        if not self.looked:
            return
        if self._app is not None:
            self._app = observe(self._app, None)
        if self._proxy is not None:
            self._proxy = observe(self._proxy, None)
        self._tell()

    async def _refreshed(
        self, known: Process, what: str, ready: Callable[[], "asyncio.Future[bool]"]
    ) -> Process:
        held = self._tools.keeper.held.get(self._names[what])
        updated = observe(known, held)
        if not updated.running:
            return updated
        return replace(updated, ready=await ready())

    def _app_ready(self) -> "asyncio.Future[bool]":
        pod = self.assigned.pod
        if not pod.ports:  # nothing to connect to: running is all we can see
            done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            done.set_result(True)
            return done
        host = pod.app_address or pod.address
        return asyncio.ensure_future(probe.accepts(host, pod.ports[0].number))

    def _proxy_ready(self) -> "asyncio.Future[bool]":
        return asyncio.ensure_future(probe.live(self._admin))

    def _facts(self) -> Facts:
        return Facts(
            now=time.time(),
            began_at=self._began_at,
            app=self._app,
            proxy=self._proxy,
            terminating_since=self._terminating_since,
            drained=self._drained,
        )

    async def _do(self, action: Action) -> None:
        keeper = self._tools.keeper
        match action:
            case Action.START_PROXY:
                await self._take_slot()
                self._proxy = await self._started(self._proxy, self._start_proxy())
            case Action.START_APP:
                self._app = await self._started(self._app, self._start_app())
            case Action.DRAIN:
                self._drained = True
                await probe.drain(self._admin, still_accept=not _shares_ports(self.assigned.pod))
            case Action.STOP_APP:
                await keeper.stop(self._names["app"], GRACE_SECONDS)
            case Action.STOP_PROXY:
                await keeper.stop(self._names["proxy"], GRACE_SECONDS)

    async def _started(self, known: Process | None, start: "asyncio.Future[None]") -> Process:
        """Note a start, or why there was none."""
        process = known or Process()
        try:
            await start
        except Refusal as error:
            return replace(
                process,
                error=str(error),
                failures=process.failures + 1,
                ended_at=time.time(),
            )
        return replace(process, running=True, ready=False, error="", starts=process.starts + 1)

    def _start_app(self) -> "asyncio.Future[None]":
        return asyncio.ensure_future(self._run_app())

    async def _run_app(self) -> None:
        argv, env = environment.process(self.assigned, self._tools.env)
        if not argv:
            raise Refusal("its container has no command")
        await self._tools.keeper.start(
            self._names["app"], argv, env, str(PROJECT), self._log_path("app")
        )

    def _start_proxy(self) -> "asyncio.Future[None]":
        return asyncio.ensure_future(self._run_proxy())

    async def _run_proxy(self) -> None:
        """A bootstrap of its own for each start: counters begin at 0 again."""
        host, pod = self._tools.host, self.assigned.pod
        around = bootstrap.Surroundings(
            control=host.control,
            collector=host.collector,
            trust_domain=host.trust_domain,
            sds_socket=str(self._sds_socket),
            admin_socket=str(self._admin),
            start=str(time.time_ns() // 1_000_000),
            ingest_token=host.ingest_token,
            outlier_log=str(self.outliers.path),
        )
        self.outliers.path.unlink(missing_ok=True)
        self.outliers.path.touch(mode=0o600)  # Envoy appends to what is there
        path = host.pod_socket(pod.uid, "json")
        write_private(path, json.dumps(bootstrap.bootstrap(pod, around)))
        self._admin.unlink(missing_ok=True)
        await self._tools.keeper.start(
            self._names["proxy"], envoy_argv(path), {}, "/", self._log_path("envoy")
        )

    async def _take_slot(self) -> None:
        """Few Envoys start at a time, so that the first ones are of use soon."""
        if self._holds_slot:
            return
        await self._tools.starting.acquire()
        self._holds_slot = True
        asyncio.get_running_loop().call_later(SLOT_SECONDS, self._release_slot)

    def _release_slot(self) -> None:
        if self._holds_slot:
            self._holds_slot = False
            self._tools.starting.release()

    async def _forget(self) -> None:
        host, uid = self._tools.host, self.assigned.pod.uid
        for name in self._names.values():
            with contextlib.suppress(KeeperLost, Refusal):
                await self._tools.keeper.forget(name)
        for what in ("json", "admin", "outliers"):
            host.pod_socket(uid, what).unlink(missing_ok=True)
        self._tools.on_gone(uid)

    def _tell(self) -> None:
        said: PodReport = lifecycle.report(self.assigned.pod.uid, self._facts())
        if said != self.report:
            self.report = said
            self._tools.on_report()

    def _patience(self) -> float:
        """Look often while something is to come, seldom while all is well."""
        return LOOK_SELDOM_SECONDS if self.report.ready else LOOK_OFTEN_SECONDS

    def _log_path(self, what: str) -> Path:
        pod = self.assigned.pod
        return self._tools.host.pod_log(pod.namespace, pod.name, what)

    def _title(self) -> str:
        return f"{self.assigned.pod.namespace}/{self.assigned.pod.name}"


def observe(known: Process, held: Held | None) -> Process:
    """What the keeper's word changes in what we know of a process.

    Without a word the process is gone with an earlier keeper, if it ever was.
    """
    if held is None:
        if known.running:
            return replace(known, running=False, ready=False, ended_at=time.time(), status=-9)
        return known
    if held.running:
        return replace(known, running=True, starts=max(held.starts, known.starts), error="")
    if not known.running and known.ended_at is not None:
        return known
    # it ended just now, or while this agent was away
    lived_long = held.ended_at - held.started_at > lifecycle.STEADY_SECONDS
    return replace(
        known,
        running=False,
        ready=False,
        starts=max(held.starts, known.starts),
        failures=1 if lived_long else known.failures + 1,
        ended_at=held.ended_at,
        status=held.status,
    )


def _shares_ports(pod: Pod) -> bool:
    """Whether the pod that replaces this one listens on the same addresses."""
    return pod.gateway and any(port.host_port for port in pod.ports)


DRAIN_SECONDS = 2 * MESH_IDLE_SECONDS
"""How long connections of a chain or listener that is no more may go on.

Those in use are told with their next answer, and callers close what they leave idle sooner
themselves: else a request could meet the end of this time on its way.
"""


def envoy_argv(config: Path) -> tuple[str, ...]:
    return (
        str(installed_binary()),
        "-c", str(config),
        "--concurrency", "1",
        "--disable-hot-restart",
        "--drain-strategy", "immediate",
        "--drain-time-s", str(DRAIN_SECONDS),
        # of the log of ejections; Envoy's own ten seconds would hold them back
        "--file-flush-interval-msec", "200",
        "-l", "warn",
    )  # fmt: skip
