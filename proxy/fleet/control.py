"""The control process: hints in, plans made in a thread, snapshots out to the proxies.

The event loop only moves ready values. Threads do what blocks: one plans, one asks Envoy what it would
refuse, one keeps records, one reconciles pods. Each goes on by itself when the database or the broker is away.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from django.db import DatabaseError, close_old_connections

from proxy import services
from proxy.ads.server import AdsServer
from proxy.ads.session import Rejected
from proxy.fleet import dump
from proxy.fleet.asking import tidied
from proxy.fleet.blame import Ledger
from proxy.fleet.journeys import Followed, Journeys, tell
from proxy.fleet.metrics import Meter, Metered
from proxy.fleet.planner import Blame, Plan, Planner, Sources, TurnedDown
from proxy.fleet.progress import Progress
from proxy.fleet.quarantine import blameless, named, type_name
from proxy.fleet.rows import Rows
from proxy.fleet.steps import InDatabase
from proxy.fleet.trial import guilty_keys, guilty_resources
from proxy.fleet.trials import Finding
from proxy.fleet.tryout import Tryout
from proxy.identity.spiffe import workload_id
from proxy.models import ProxyRow
from proxy.tasks import revert_rejected
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot, Resource, Resources
from routing import facade as routing
from routing.contracts import PublishedConfig, ResourceKey
from telemetry.contracts import Channel
from topology import facade as topology

log = logging.getLogger(__name__)

T = TypeVar("T")

TICK_SECONDS = 1.0
"""How often control looks by itself; hints only make it quicker."""

MERGE_SECONDS = 0.003
"""How long a hint waits for company."""

RECORD_SECONDS = 0.05
BEAT_SECONDS = 1.0
ROWS_SECONDS = 0.25

STEP_SECONDS = 3.0
"""How long a step of an mTLS change waits for proxies that do not answer."""

REST_SECONDS = 0.4
"""How long a step rests when all have answered: an Envoy says that it has a cluster before its
workers use it, and a connection that is being made still ends as it began."""


RETRY_SECONDS = 1.0

ADDRESS_SECONDS = 2.0
"""How long until a proxy tries again to listen on an address that somebody else held."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """What a proxy refused; `named` if it said which. `numbers` are the revisions, one a resource.

    A revision is the one that first carried that version: others may have been in force since.
    """

    proxy_id: str
    numbers: tuple[int, ...]
    type_url: str
    resources: tuple[Resource, ...]
    named: bool
    good: Resources
    error: str


@dataclass(frozen=True, slots=True)
class _Judged:
    """What came of a refusal: the revisions to blame, and the innocent, which is sent again."""

    proxy_id: str
    type_url: str
    numbers: frozenset[int]
    names: tuple[str, ...]
    error: str


class Control:
    """One control process. All methods but `_work_*` run on the event loop."""

    def __init__(
        self,
        options: Options,
        *,
        name: str,
        host_port_offset: int,
        broker_url: str,
        registry_changed: Callable[[], None],
        meter: Meter,
        tryout: Tryout | None = None,
        trust: Callable[[], int] = lambda: 0,
    ) -> None:
        """Without a `tryout` nothing is tried before it is pushed.

        `trust` is the version of the roots that this process goes by.
        """
        self._options = options
        self._name = name
        self._broker_url = broker_url
        self._registry_changed = registry_changed
        self._trust = trust
        self._progress = Progress(time.time(), name)
        self._ledger = Ledger()
        self._rows = Rows(name)
        self._meter = meter
        self._journeys = Journeys(name)
        self.ads = AdsServer(self._admit, Followed(self._journeys, Metered(meter, self)))
        self._planner = Planner(
            meter.sources(
                Sources(
                    published=_newest,
                    generation=topology.generation,
                    registry=topology.registry,
                    push=routing.push,
                    steps=InDatabase(name),
                )
            ),
            options,
            self._progress.last_good,
            host_port_offset=host_port_offset,
            tryout=tryout,
            aside=self._aside,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._plan: Plan | None = None
        self._refused: list[_Refused] = []
        self._look = asyncio.Event()
        self._reconcile = asyncio.Event()
        self._record = asyncio.Event()
        self._write_rows = asyncio.Event()
        self._step_at: float | None = None
        self._rest_until: float | None = None
        self._broker: Any = None
        self._hints: set[asyncio.Future[None]] = set()
        self.ready = asyncio.Event()
        self._threads = {
            word: ThreadPoolExecutor(1, thread_name_prefix=word)
            for word in ("plan", "trial", "record", "pods", "beat")
        }

    async def run(self) -> None:
        """Until cancelled. The first plan is made before anything is served."""
        self._loop = asyncio.get_running_loop()
        expected, converged = await self._until_done("record", self._work_start)
        self._progress.expect(expected)
        self._progress.done_before(converged)
        self._journeys.done_before(converged)
        while self._plan is None:
            await self._look_once(anew=False)
        self._look.set()  # what was accepted while no control was there
        self.ready.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                for loop in (
                    self._beating,
                    self._planning,
                    self._reconciling,
                    self._recording,
                    self._writing_rows,
                    self._listening,
                ):
                    tasks.create_task(loop())
        finally:
            if self._broker is not None:
                await self._broker.aclose()
            for thread in self._threads.values():
                thread.shutdown(wait=False, cancel_futures=True)

    # What proxies do (`Events` of the ADS server)

    def connected(self, proxy_id: str, certificate_expires_at: float | None) -> None:
        self._progress.connected(proxy_id)
        self._rows.connected(proxy_id, certificate_expires_at)
        self._write_rows.set()

    def disconnected(self, proxy_id: str) -> None:
        self._progress.disconnected(proxy_id)
        self._ledger.disconnected(proxy_id)
        self._rows.disconnected(proxy_id)
        self._write_rows.set()
        self._record.set()

    def sent(self, proxy_id: str, type_url: str) -> None:
        self._rows.sent(proxy_id, type_url, time.time())

    def acknowledged(self, proxy_id: str, type_url: str, snapshot: ProxySnapshot | None) -> None:
        self._rows.acknowledged(proxy_id, type_url, snapshot, time.time())
        self._write_rows.set()

    def settled(self, snapshot: ProxySnapshot) -> None:
        if self._ledger.in_doubt(snapshot):
            return
        self._ledger.settled(snapshot)
        self._progress.settled(snapshot, time.time())
        if self._plan is not None:
            self._rows.settled(snapshot, self._plan.number)
        self._record.set()
        self._write_rows.set()
        self._look_again_for_step()

    def rejected(self, proxy_id: str, refusal: Rejected) -> None:
        waiting = blameless(refusal)
        bad = tuple(one for one in named(refusal) if one not in waiting)
        if bad or not waiting:
            self._hold_back(proxy_id, refusal, bad)
        if waiting:
            again = tuple(one.name for one in refusal.resources if one not in bad)
            self._wait_for_address(proxy_id, refusal, again)
        self._record.set()
        self._write_rows.set()

    def _wait_for_address(self, proxy_id: str, refusal: Rejected, again: tuple[str, ...]) -> None:
        """Nobody's configuration is at fault: say it, and try until the address is free."""
        if self._rows.stalled(proxy_id, refusal.type_url, refusal.error):
            log.warning("proxy %s cannot listen yet: %s", proxy_id, refusal.error.strip())
        self._progress.stalled(proxy_id, refusal.error)
        waiting = tuple(one for one in refusal.resources if one.name in again)
        self._ledger.refused(proxy_id, refusal.type_url, waiting)
        asyncio.get_running_loop().call_later(
            ADDRESS_SECONDS, self._send_again, proxy_id, refusal.type_url, again
        )

    def _send_again(self, proxy_id: str, type_url: str, names: tuple[str, ...]) -> None:
        self._ledger.cleared(proxy_id, type_url, names)
        self.ads.again(proxy_id, type_url, names)

    def _hold_back(self, proxy_id: str, refusal: Rejected, bad: tuple[Resource, ...]) -> None:
        error = tidied(refusal.error)
        log.warning("proxy %s refused %s: %s", proxy_id, type_name(refusal.type_url), error)
        suspects = bad or refusal.resources
        numbers = self._numbers(proxy_id, refusal.type_url, suspects)
        self._ledger.refused(proxy_id, refusal.type_url, suspects)
        if bad or len(set(numbers)) == 1:
            self._reject(proxy_id, numbers, error)
        self._rows.rejected(proxy_id, refusal.type_url, error)
        good = self._progress.last_good(proxy_id)
        self._refused.append(
            _Refused(
                proxy_id=proxy_id,
                numbers=numbers,
                type_url=refusal.type_url,
                resources=suspects,
                named=bool(bad),
                good=good.of(refusal.type_url) if good is not None else {},
                error=error,
            )
        )
        self._look.set()

    def _numbers(
        self, proxy_id: str, type_url: str, resources: Iterable[Resource]
    ) -> tuple[int, ...]:
        now = self._plan.number if self._plan is not None else 0
        first = (self._ledger.first(proxy_id, type_url, one) for one in resources)
        return tuple(now if number is None else number for number in first)

    def _reject(self, proxy_id: str, numbers: Iterable[int], error: str) -> None:
        for number in sorted(set(numbers)):
            self._progress.rejected(proxy_id, number, error)

    def _admit(self, node_id: str, uris: tuple[str, ...]) -> str | None:
        snapshot = self._plan.snapshots.get(node_id) if self._plan is not None else None
        if snapshot is None:
            self._look.set()
            return "no pod has this node id"
        who = snapshot.config.proxy
        own = workload_id(self._options.trust_domain, who.namespace, who.service_account)
        return None if uris == (own,) else f"the node id belongs to {own}"

    # Planning

    async def _planning(self) -> None:
        while True:
            hinted = await _set_within(self._look, TICK_SECONDS)
            if hinted:
                await asyncio.sleep(MERGE_SECONDS)
            self._look.clear()
            await self._look_once(anew=False)

    async def _look_once(self, *, anew: bool) -> None:
        refused, self._refused = self._refused, []
        step = self._step_is_due()
        try:
            plan, judged = await self._in(
                "plan", lambda: self._work_plan(refused, step=step, anew=anew)
            )
        except Exception:
            log.exception("could not plan: the proxies keep what they have")
            self._refused = refused + self._refused
            await asyncio.sleep(RETRY_SECONDS)
            return
        if plan is not None:
            self._serve(plan)
        for one in judged:
            self._reject(one.proxy_id, one.numbers, one.error)
            self._send_again(one.proxy_id, one.type_url, one.names)
        if judged:
            self._record.set()

    def _aside(self, work: Callable[[], Finding]) -> "Future[Finding]":
        """A trial: the planning goes on, and looks at what came of it as soon as it is done."""
        trial = self._threads["trial"].submit(work)
        trial.add_done_callback(self._look_at_trial)
        return trial

    def _look_at_trial(self, _: "Future[Finding]") -> None:
        # at the end of this process nobody looks any longer
        with contextlib.suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._look.set)

    def _step_is_due(self) -> bool:
        if self._step_at is None:
            return False
        now = time.monotonic()
        if now > self._step_at + STEP_SECONDS:
            return True
        if not self._progress.all_settled(time.time()):
            self._rest_until = None
            return False
        if self._rest_until is None:
            self._rest_until = now + REST_SECONDS
            asyncio.get_running_loop().call_later(REST_SECONDS, self._look.set)
        return now >= self._rest_until

    def _serve(self, plan: Plan) -> None:
        new_revision = self._plan is None or plan.number != self._plan.number
        new_step = self._plan is not None and plan.step != self._plan.step
        before = self._plan.snapshots if self._plan is not None else {}
        self._journeys.planned(plan, before, news=new_revision or new_step)
        self._plan = plan
        self._step_at = None if plan.final else time.monotonic()
        self._rest_until = None
        changed = [plan.snapshots[proxy_id] for proxy_id in plan.changed]
        self._progress.pushed(
            plan.number, plan.accepted_at, changed, final=plan.final, now=time.time()
        )
        self._ledger.pushed(plan.number, changed)
        for proxy_id, blames in plan.refused.items():
            self._progress.rejected(proxy_id, plan.number, blames[0].refusal.error)
        for proxy_id in plan.removed:
            self._progress.removed(proxy_id)
            self._ledger.removed(proxy_id)
        self._meter.planned(plan, new_revision=new_revision)
        self.ads.serve(plan.snapshots, plan.changed)
        self._rows.planned(plan.snapshots, plan.number, all_=new_revision)
        self._rows.removed(plan.removed)
        self._record.set()
        self._write_rows.set()
        self._look_again_for_step()
        if new_step:
            self._hint_others()
        log.info(
            "revision %d: %d of %d proxies to be told",
            plan.number,
            len(changed),
            len(plan.snapshots),
        )

    def _look_again_for_step(self) -> None:
        if self._step_at is not None and self._progress.all_settled(time.time()):
            self._look.set()

    def _work_plan(
        self, refused: list[_Refused], *, step: bool, anew: bool
    ) -> tuple[Plan | None, list[_Judged]]:
        judged = [self._work_refusal(one) for one in refused]
        plan = self._planner.plan(step=step, anew=anew or bool(refused))
        while isinstance(plan, TurnedDown):
            # nothing to take back: then it is pushed, and the proxies' own refusals count
            self._journeys.turned_down(plan)
            stuck = None if _turn_down(plan) else plan.number
            plan = self._planner.plan(step=step, anew=anew or bool(refused), untried=stuck)
        if plan is not None:
            for blame in _blames(plan):
                _report(blame.keys, plan.number, blame.refusal.error)
        return plan, judged

    def _work_refusal(self, one: _Refused) -> _Judged:
        """Find out who is to blame, have it taken back, and say what is to be sent again."""
        known = tuple(r for r in one.resources if self._planner.refused_before(r))
        bad = known
        if not known:
            bad = one.resources if one.named else guilty_resources(one.type_url, one.resources)
        numbers = dict(zip((r.name for r in one.resources), one.numbers, strict=True))
        for resource in bad:
            if resource not in known:
                number = numbers[resource.name]
                keys = guilty_keys(
                    one.type_url, resource, one.good.get(resource.name)
                ) or self._planner.blame_changes(number, one.error)
                self._planner.refuse(one.type_url, resource, one.error, keys)
                _report(keys, number, one.error)
        return _Judged(
            proxy_id=one.proxy_id,
            type_url=one.type_url,
            numbers=frozenset(numbers[resource.name] for resource in bad)
            or frozenset(one.numbers[-1:]),
            names=tuple(resource.name for resource in one.resources if resource not in bad),
            error=one.error,
        )

    # Pods

    async def _reconciling(self) -> None:
        while True:
            await _set_within(self._reconcile, TICK_SECONDS)
            self._reconcile.clear()
            try:
                steps = await self._in("pods", topology.reconcile)
            except Exception:
                log.exception("could not reconcile pods")
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if steps:
                self._look.set()
                self._registry_changed()

    # Records

    async def _recording(self) -> None:
        while True:
            await _set_within(self._record, TICK_SECONDS)
            self._record.clear()
            for report in tuple(self._progress.reports(time.time())):
                await self._until_done("record", partial(routing.record_convergence, report))
                self._journeys.reported(report)
            if ended := self._journeys.take():
                await self._in("record", partial(tell, ended))
            await asyncio.sleep(RECORD_SECONDS)

    async def _writing_rows(self) -> None:
        written = 0
        while not _ended():
            await self._write_rows.wait()
            await asyncio.sleep(ROWS_SECONDS)
            self._write_rows.clear()
            carried, now = self._rows.carried(), time.time()
            rows, gone = self._rows.take(now)
            if not rows and not gone and carried == written:
                continue
            try:
                await self._in("record", partial(_write_rows, self._name, rows, gone, carried, now))
            except Exception:
                log.exception("could not write the fleet's rows")
                self._rows.put_back(rows, gone)
                await asyncio.sleep(RETRY_SECONDS)
                self._write_rows.set()
            else:
                written = carried
                await self._hint_proxies()

    def _work_start(self) -> tuple[frozenset[str], int]:
        """The proxies that were connected to an earlier life of this process, or to a dead one.

        And the newest revision, if it has converged.
        """
        from django.utils import timezone  # noqa: PLC0415

        now = timezone.now()
        services.beat(self._name, self._trust(), now)
        return services.nobody_connected(self._name, now), routing.converged_revision()

    async def _beating(self) -> None:
        """Say that this process lives, and learn who else does and which proxies they have."""
        while not _ended():
            try:
                others = await self._in("beat", self._work_beat)
            except Exception:
                log.exception("could not say that this process lives")
            else:
                if self._progress.others(others.names, others.connected, time.time()):
                    self._record.set()
                if self._step_at is not None:
                    self._look.set()
            await asyncio.sleep(BEAT_SECONDS)

    def _work_beat(self) -> services.Others:
        from django.utils import timezone  # noqa: PLC0415

        return services.beat(self._name, self._trust(), timezone.now())

    # Hints

    async def _listening(self) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415  0.1 s that serving need not wait for
        from redis.exceptions import RedisError  # noqa: PLC0415

        self._broker = Redis.from_url(self._broker_url)
        said = False
        while not _ended():
            try:
                async with self._broker.pubsub(ignore_subscribe_messages=True) as hints:
                    await hints.subscribe(Channel.REVISION, Channel.REGISTRY, dump.CHANNEL)
                    said = False
                    self._look.set()
                    async for message in hints.listen():
                        channel = message["channel"].decode()
                        if channel == dump.CHANNEL:
                            await self._tell_dump(message["data"])
                        else:
                            self._hint(channel)
            except (RedisError, OSError) as error:
                if not said:
                    log.warning("no hints from the broker, looking each second: %s", error)
                said = True
            await asyncio.sleep(RETRY_SECONDS)

    def _hint(self, channel: str) -> None:
        self._look.set()
        if channel == Channel.REGISTRY:
            self._reconcile.set()
            self._registry_changed()

    async def _tell_dump(self, question: bytes) -> None:
        """Another control process answers for a proxy that this one does not serve."""
        try:
            asked = json.loads(question)
            proxy_id, reply = str(asked["proxy"]), str(asked["reply"])
        except (ValueError, TypeError, KeyError, RecursionError):
            log.warning("ignored a question for a dump that is none")
            return
        plan = self._plan
        snapshot = plan.snapshots.get(proxy_id) if plan is not None else None
        if plan is None or snapshot is None:
            return
        answer = await asyncio.to_thread(dump.encode, snapshot, plan.number)
        await self._broker.rpush(reply, answer)
        await self._broker.expire(reply, dump.KEPT_SECONDS)

    def _hint_others(self) -> None:
        """Other control processes have another step of an mTLS change to take."""
        if self._progress.alone:
            return
        hint = asyncio.ensure_future(self._publish(Channel.REVISION))
        self._hints.add(hint)
        hint.add_done_callback(self._hints.discard)

    async def _hint_proxies(self) -> None:
        await self._publish(Channel.PROXIES)

    async def _publish(self, channel: str) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415

        if self._broker is None:
            return
        with contextlib.suppress(RedisError, OSError):
            await self._broker.publish(channel, json.dumps({}))

    # Threads

    async def _until_done(self, thread: str, work: Callable[[], T]) -> T:
        while True:
            try:
                return await self._in(thread, work)
            except Exception:
                log.exception("will be tried again")
                await asyncio.sleep(RETRY_SECONDS)

    async def _in(self, thread: str, work: Callable[[], T]) -> T:
        def run() -> T:
            close_old_connections()
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._threads[thread], run)


def _write_rows(name: str, rows: list[ProxyRow], gone: list[str], carried: int, now: float) -> None:
    services.write_proxies(name, rows, gone, carried, datetime.fromtimestamp(now, UTC))


def _newest(after: int | None) -> PublishedConfig | None:
    return routing.published_config() if after is None else routing.accepted_config(after)


def _turn_down(found: TurnedDown) -> int | None:
    culprits = ", ".join(str(key) for key in found.culprits)
    log.warning(
        "revision %d is not pushed: Envoy refuses %s: %s", found.number, culprits, found.trial.error
    )
    return routing.turn_down(found.number, found.culprits, found.trial)


def _blames(plan: Plan) -> set[Blame]:
    return {blame for blames in plan.refused.values() for blame in blames}


def _report(keys: tuple[ResourceKey, ...], number: int, error: str) -> None:
    """Take each culprit back. The database may be busy for too long: then a worker does it."""
    for key in keys:
        try:
            routing.revert_rejected(key, number, error)
        except DatabaseError:
            log.exception("could not take back %s: a worker will", key)
            revert_rejected.apply_async((str(key), number, error), retry=False)


def _ended() -> bool:
    """Whether this task was cancelled, even if the broker's client swallowed the exception."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        # not wait_for: it forgets a cancellation that comes together with the event
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
