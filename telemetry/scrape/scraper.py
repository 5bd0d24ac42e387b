"""Scrapes what is this collector's to scrape: each target in its own time, the pages to the store.

A target's slot in its interval is told by its id, so that targets are spread and a successor goes
on in the same rhythm.
"""

import asyncio
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from telemetry.collector.batches import BadRows, QueueFull
from telemetry.collector.remote_write import WriteTables
from telemetry.contracts import (
    SCRAPE_PODS,
    SCRAPED,
    SCRAPED_METADATA,
    SCRAPED_SECONDS,
    SCRAPED_VIEW,
    ScrapeTarget,
    ScrapeView,
)
from telemetry.ingest.quotas import Share
from telemetry.ingest.written import Written
from telemetry.scrape.configuration import written as as_duration
from telemetry.scrape.discovery import Discovery, View
from telemetry.scrape.fetch import Allowed, Fetcher, NotFetched
from telemetry.scrape.members import Members
from telemetry.scrape.page import Outcome, Pages
from telemetry.scrape.targets import Target
from telemetry.store.client import StoreAway

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often files and the registry are looked at."""
LARGE_PAGE = 64 << 10
"""Bytes; a larger page is read in a thread, so that senders are answered meanwhile."""
PENDING_BYTES = 32 << 20
"""Of rows that wait for a store that is away."""
PATIENCE_SECONDS = 60.0
METADATA_SECONDS = 3600


@dataclass(slots=True)
class _Loop:
    """One target's own time line."""

    target: Target
    pages: Pages
    status: ScrapeTarget
    ending: asyncio.Event
    vanished: bool = False
    task: asyncio.Task[None] | None = None
    told: tuple[ScrapeTarget, bytes] | None = None

    def encoded(self) -> bytes:
        """The status as it is told; made once for each."""
        if self.told is None or self.told[0] is not self.status:
            self.told = (self.status, orjson.dumps(self.status))
        return self.told[1]


class Scraper:
    """`run` until cancelled. `lost` counts pages that could not be stored."""

    def __init__(
        self,
        discovery: Discovery,
        allowed: Allowed,
        members: Members,
        broker: "Redis",
        tables: WriteTables,
        share: Share,
    ) -> None:
        self.lost = 0
        self._discovery = discovery
        self._fetcher = Fetcher(allowed)
        self._members = members
        self._broker = broker
        self._tables = tables
        self._share = share
        self._loops: dict[str, _Loop] = {}
        self._pending = 0
        self._keeping: set[asyncio.Task[None]] = set()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="pages")
        self._told: dict[str, bytes] = {}
        self._metadata: dict[str, float] = {}
        self._pods = b""

    def counts(self) -> tuple[Mapping[str, int], int]:
        """Targets by health, and how many pages were lost."""
        return Counter(loop.status.health for loop in self._loops.values()), self.lost

    async def run(self) -> None:
        async with self._fetcher:
            try:
                await self._run()
            finally:
                tasks = [one.task for one in self._loops.values() if one.task] + [*self._keeping]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._reader.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        looked_at = 0.0
        view = View(found={})
        while True:
            try:
                await self._members.beat()
                if time.monotonic() - looked_at >= LOOK_SECONDS:
                    looked_at = time.monotonic()
                    view = await self._look()
                self._arrange(view)
                await self._tell(view)
            except (RedisError, OSError):  # the edge counts' publisher says so
                self._told.clear()
            except Exception:
                log.exception("scraping waits")
            await asyncio.sleep(1.0 - time.time() % 1.0)

    async def _look(self) -> View:
        try:
            found: Any = await self._broker.get(SCRAPE_PODS)
            self._pods = found or b""
        except (RedisError, OSError):
            log.debug("the broker is away: the registry's pods are those of before")
        return await asyncio.to_thread(self._discovery.look, self._pods)

    # -- who is scraped ---------------------------------------------------------------------

    def _arrange(self, view: View) -> None:
        """Begin with what is new here, end what is gone or another's."""
        wanted = {target.id: target for found in view.found.values() for target in found.targets}
        for name, loop in list(self._loops.items()):
            target = wanted.get(name)
            if target is None or not self._members.mine(name):
                loop.vanished = target is None
                loop.ending.set()
                del self._loops[name]
            elif target != loop.target:
                self._changed(loop, target)
        if not self._members.settled:
            return
        for name, target in wanted.items():
            if name not in self._loops and self._members.mine(name):
                self._begin(target)

    def _changed(self, loop: _Loop, target: Target) -> None:
        """The same series from the same place, in another way (interval, rules, limits)."""
        again = target.interval != loop.target.interval
        loop.target = target
        loop.pages.follow(target)
        loop.status = replace(_status(target), **{
            name: getattr(loop.status, name)
            for name in ("health", "error", "scraped_at", "seconds", "samples", "bytes", "metadata")
        })  # fmt: skip
        if again:
            loop.ending.set()
            loop.ending = asyncio.Event()
            self._start(loop)

    def _begin(self, target: Target) -> None:
        loop = _Loop(target, Pages(target, self._share), _status(target), asyncio.Event())
        self._loops[target.id] = loop
        self._start(loop)

    def _start(self, loop: _Loop) -> None:
        loop.task = asyncio.create_task(self._follow(loop, loop.ending), name=loop.target.url)

    # -- one target -------------------------------------------------------------------------

    async def _follow(self, loop: _Loop, ending: asyncio.Event) -> None:
        while not await _ended(ending, _until_slot(loop.target, time.time())):
            try:
                await self._scrape(loop)
            except Exception:
                log.exception("scraping %s", loop.target.url)
        if loop.vanished:
            self._keep(loop, loop.pages.gone(_milliseconds()))

    async def _scrape(self, loop: _Loop) -> None:
        now_ms, began = _milliseconds(), time.perf_counter()
        try:
            page = await self._fetcher.fetch(loop.target)
        except NotFetched as problem:
            outcome = Outcome(error=str(problem), seconds=time.perf_counter() - began)
            written = loop.pages.failed(outcome, now_ms)
        else:
            outcome = Outcome(seconds=time.perf_counter() - began, bytes=len(page.body))
            if len(page.body) > LARGE_PAGE:
                written, outcome = await asyncio.get_running_loop().run_in_executor(
                    self._reader, lambda: loop.pages.page(page.body, outcome, now_ms, open_metrics=page.open_metrics)
                )  # fmt: skip
            else:
                written, outcome = loop.pages.page(
                    page.body, outcome, now_ms, open_metrics=page.open_metrics
                )
        loop.status = replace(
            loop.status,
            health="down" if outcome.error else "up",
            error=outcome.error or written.why(),
            scraped_at=now_ms / 1000,
            seconds=outcome.seconds,
            samples=written.counted,
            bytes=outcome.bytes,
        )
        self._keep(loop, written)

    # -- to the store -----------------------------------------------------------------------

    def _keep(self, loop: _Loop, written: Written) -> None:
        if self._pending + written.size > PENDING_BYTES:
            self._lose(loop, "the store is away, and more waits for it than may")
            return
        task = asyncio.create_task(self._put(loop, written))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _put(self, loop: _Loop, written: Written) -> None:
        self._pending += written.size
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while True:
                try:
                    await self._tables.put(written)
                except (QueueFull, StoreAway) as error:
                    if time.monotonic() > deadline:
                        self._lose(loop, f"not stored: {error or 'the queue is full'}")
                        return
                    await asyncio.sleep(1)
                except BadRows as error:
                    self._lose(loop, f"not stored: {error}")
                    return
                else:
                    return
        finally:
            self._pending -= written.size

    def _lose(self, loop: _Loop, reason: str) -> None:
        if self.lost % 1000 == 0:
            log.warning("%d pages lost: %s", self.lost + 1, reason[:300])
        self.lost += 1
        loop.pages.unannounced()
        loop.status = replace(loop.status, error=reason[:300])

    # -- what is told -----------------------------------------------------------------------

    async def _tell(self, view: View) -> None:
        """Publish what changed since the last time. Raises RedisError, OSError."""
        now = time.time()
        key = f"{SCRAPED}{self._members.name}"
        documents: dict[str, tuple[str, bytes]] = {}
        fields = {SCRAPED_VIEW: orjson.dumps(_shown(view))}
        for name, loop in self._loops.items():
            if loop.pages.families:
                digest, document = _metadata(loop.pages)
                documents[digest] = (digest, document)
                if loop.status.metadata != digest:
                    loop.status = replace(loop.status, metadata=digest)
            fields[name] = loop.encoded()
        gone = [name for name in self._told if name not in fields]
        changed = {name: text for name, text in fields.items() if self._told.get(name) != text}
        pipeline = self._broker.pipeline(transaction=True)
        if not self._told:
            pipeline.delete(key)
        if changed:
            pipeline.hset(key, mapping=dict[Any, Any](changed))
        if gone:
            pipeline.hdel(key, *gone)
        pipeline.expire(key, SCRAPED_SECONDS)
        due = [d for d in documents if now - self._metadata.get(d, 0.0) > METADATA_SECONDS / 2]
        for digest in due:
            pipeline.set(f"{SCRAPED_METADATA}{digest}", documents[digest][1], ex=METADATA_SECONDS)
        await pipeline.execute()
        self._told = fields
        self._metadata = {d: now if d in due else self._metadata[d] for d in documents}


def _metadata(pages: Pages) -> tuple[str, bytes]:
    """Remembered with the families themselves: they seldom change."""
    if pages.described is None or pages.described[0] is not pages.families:
        document = orjson.dumps({n: (f.kind, f.help, f.unit) for n, f in pages.families.items()})
        digest = hashlib.blake2b(document, digest_size=12).hexdigest()
        pages.described = (pages.families, digest, document)
    return pages.described[1:]


def _shown(view: View) -> ScrapeView:
    return ScrapeView(
        pools=tuple(sorted(job.name for job in view.jobs)),
        dropped={n: tuple(map(dict, one.dropped)) for n, one in view.found.items()},
        dropped_counts={name: one.dropped_count for name, one in view.found.items()},
        problems=view.problems,
        text=view.text,
        read_at=view.read_at,
    )


def _status(target: Target) -> ScrapeTarget:
    return ScrapeTarget(
        id=target.id,
        pool=target.job.name,
        url=target.url,
        discovered=dict(target.discovered),
        labels=dict(target.labels),
        interval=as_duration(target.interval),
        timeout=as_duration(target.timeout),
    )


def _until_slot(target: Target, now: float) -> float:
    """Seconds until the target's next slot; just after one it is the next but one."""
    offset = int(target.id[:12], 16) / 16**12 * target.interval
    left = (offset - now) % target.interval
    return left if left > 0.001 else target.interval


async def _ended(ending: asyncio.Event, seconds: float) -> bool:
    """Wait; whether it ended meanwhile."""
    try:
        await asyncio.wait_for(ending.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _milliseconds() -> int:
    return round(time.time() * 1000)
