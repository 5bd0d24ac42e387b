"""The live process: reads edge counts, builds the graph once a second, publishes what changed."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from django.db import close_old_connections
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mesh_web.live import sources
from mesh_web.live.broker import connect, wanted_key
from mesh_web.live.counts import EdgeCounts
from mesh_web.live.lease import Hold, Lease
from mesh_web.live.protocol import GRAPH_WINDOWS_SECONDS, graph_topic, new_epoch
from mesh_web.live.scraped import tell_pods
from mesh_web.live.topics import Publication, Topics
from telemetry import edges
from telemetry.contracts import EDGES_STREAM, Channel, EdgeSecond
from topology.contracts import Marks, Registry
from topology.graph.as_json import to_json
from topology.graph.badges import badging
from topology.graph.breaking import breaking
from topology.graph.build import build, live
from topology.graph.calls import Calls
from topology.graph.window import Window

log = logging.getLogger(__name__)

BUILD_EVERY_SECONDS: Final = 1.2
"""At the latest; collectors speak at the start of each second, and a build follows them."""
FOLLOW_SECONDS: Final = 0.5
"""Counts that come so long after a build are drawn at once, others with the next."""
SOONEST_SECONDS: Final = 0.25
"""New edges and changed pods do not wait for the next second, but are gathered this long."""
READ_EVERY_SECONDS: Final = 5.0
BADGES_SECONDS: Final = 2.0
"""Breakers close with time, of which nobody tells."""
GATHER_SECONDS: Final = 0.03
OFF_LOOP_SECONDS: Final = 0.02
"""Work that took longer than this last time runs in a thread."""
LARGE_MESSAGE: Final = 5_000
"""Packed; its decoding would hold up the others."""
RETRY_SECONDS: Final = 0.5
STANDBY_SECONDS: Final = 0.2
"""How often one without the lease tries for it."""
PATIENCE_SECONDS: Final = 3.0
"""A database that does not answer does not hold up the first graph longer than this."""

Value = TypeVar("Value")


@dataclass(slots=True)
class Reading:
    """The newest value of one source, and the event that asks for the next."""

    hint: asyncio.Event = field(default_factory=asyncio.Event)
    value: Any = None


class Live:
    """Runs until cancelled; survives the loss of the broker and of the database.

    Of several only the one with the lease publishes; the others read along, so that their window
    is warm when they take over.
    """

    def __init__(
        self,
        broker_url: str = "",
        *,
        read_registry: Callable[[], Registry] = sources.registry,
        read_marks: Callable[[], Marks] = sources.marks,
        read_calls: Callable[[], tuple[Calls, ...]] = sources.calls,
        topic_sources: tuple[sources.Source, ...] = sources.TOPIC_SOURCES,
    ) -> None:
        self._broker: Redis = connect(broker_url)
        self._lease = Lease(self._broker)
        self._counts = EdgeCounts(self._broker)
        self._window = Window()
        self._window_lock = asyncio.Lock()
        self._read_registry = read_registry
        self._registry = Reading()
        self._read_marks = read_marks
        self._marks = Reading()
        self._read_calls = read_calls
        self._calls = Reading()
        self._topic_sources = topic_sources
        self._readings = {source.topic: Reading() for source in topic_sources}
        self._topics: Topics | None = None
        self._wake = asyncio.Event()
        self._build_soon = False
        self._built_at = 0.0
        self._build_took = 0.0
        self._caught_up = False
        self._patient_until = time.monotonic() + PATIENCE_SECONDS

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._insist("listening", self._listen))
                group.create_task(self._insist("reading edge counts", self._follow_counts))
                group.create_task(self._insist("publishing", self._publish_forever))
                group.create_task(self._insist("telling pods", self._tell_pods))
                group.create_task(
                    self._keep_reading("registry", self._registry, self._read_registry)
                )
                group.create_task(
                    self._keep_reading("badges", self._marks, self._read_marks, BADGES_SECONDS)
                )
                group.create_task(self._keep_reading("spans", self._calls, self._read_calls))
                for source in self._topic_sources:
                    reading = self._readings[source.topic]
                    group.create_task(self._keep_reading(source.topic, reading, source.read))
        finally:
            with contextlib.suppress(RedisError, OSError):
                await self._lease.release()
            await self._broker.aclose()

    async def _insist(self, what: str, act: Callable[[], Awaitable[None]]) -> None:
        """Begin again whenever the broker was lost; say so once."""
        away = False
        while True:
            try:
                await act()
            except (RedisError, OSError) as error:
                if not away:
                    log.warning("The broker is away while %s: %s", what, error)
                away = True
                await asyncio.sleep(RETRY_SECONDS)
            else:
                away = False

    # -- in ---------------------------------------------------------------------------------

    async def _listen(self) -> None:
        async with self._broker.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(
                Channel.REGISTRY,
                Channel.REVISION,
                Channel.CONVERGENCE,
                Channel.PROXIES,
                Channel.BREAKERS,
            )
            self._hint_all()
            async for message in pubsub.listen():
                self._hear(Channel(message["channel"].decode()))

    def _hear(self, channel: Channel) -> None:
        if channel is Channel.REGISTRY:
            self._registry.hint.set()
        if channel in (Channel.BREAKERS, Channel.REVISION):
            self._marks.hint.set()
        for source in self._topic_sources:
            if channel in source.hints:
                self._readings[source.topic].hint.set()

    async def _follow_counts(self) -> None:
        while True:
            entries = await self._counts.read(wait=self._caught_up)
            for packed in entries:
                await self._take_in(packed)
            if not entries and not self._caught_up:
                self._caught_up = True
                self._wake.set()

    async def _take_in(self, packed: bytes) -> None:
        second = await self._maybe_off_loop(len(packed) > LARGE_MESSAGE, lambda: _decoded(packed))
        if second is None:
            return
        async with self._window_lock:
            fresh = self._window.add(second, time.time())
        if fresh or time.monotonic() - self._built_at > FOLLOW_SECONDS:
            self._build_soon = True
            self._wake.set()

    def _hint_all(self) -> None:
        """Hints may have been missed."""
        self._registry.hint.set()
        self._marks.hint.set()
        for reading in self._readings.values():
            reading.hint.set()

    async def _keep_reading(
        self,
        what: str,
        reading: Reading,
        read: Callable[[], Any],
        every: float = READ_EVERY_SECONDS,
    ) -> None:
        failed = False
        while True:
            reading.hint.clear()
            try:
                value = await asyncio.to_thread(_from_database, read)
            except Exception:  # whatever the database says, the graph goes on with what it knew
                if not failed:
                    log.warning("The %s cannot be read", what, exc_info=True)
                failed = True
            else:
                failed = False
                if value != reading.value:
                    reading.value = value
                    self._build_soon |= reading is self._registry or reading is self._marks
                    self._wake.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reading.hint.wait(), every)
            await asyncio.sleep(GATHER_SECONDS)

    async def _tell_pods(self) -> None:
        await tell_pods(self._broker, lambda: self._registry.value)

    # -- out --------------------------------------------------------------------------------

    async def _publish_forever(self) -> None:
        while True:
            await self._next_turn()
            if not self._prepared():
                continue
            hold = await self._lease.hold()
            if hold is Hold.LOST:
                self._topics = None
                continue
            if hold is Hold.TAKEN or self._topics is None:
                self._topics = Topics(new_epoch(time.time()))
                self._built_at = 0.0
                log.info("Building the live graph, epoch %s", self._topics.epoch)
            await self._publish_changes(self._topics)

    def _prepared(self) -> bool:
        """A first graph without history or registry would make every browser flicker."""
        if not self._caught_up:
            return False
        return self._registry.value is not None or time.monotonic() > self._patient_until

    async def _next_turn(self) -> None:
        due = self._built_at + BUILD_EVERY_SECONDS - time.monotonic()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(0.0, due))
            await asyncio.sleep(GATHER_SECONDS)
        self._wake.clear()
        if self._topics is None:
            self._built_at = time.monotonic() - BUILD_EVERY_SECONDS + STANDBY_SECONDS

    async def _publish_changes(self, topics: Topics) -> None:
        for source in self._topic_sources:
            value = self._readings[source.topic].value
            if value is not None:
                await self._send(topics.advance(source.topic, value))
        age = time.monotonic() - self._built_at
        if age >= BUILD_EVERY_SECONDS or (self._build_soon and age >= SOONEST_SECONDS):
            self._build_soon = False
            self._built_at = time.monotonic()
            for seconds in await self._wanted_windows():
                await self._send(await self._graph(topics, seconds))
        elif self._build_soon:
            await asyncio.sleep(SOONEST_SECONDS - age)
            self._wake.set()

    async def _wanted_windows(self) -> list[int]:
        default, *others = GRAPH_WINDOWS_SECONDS
        asked = await self._broker.mget([wanted_key(graph_topic(one)) for one in others])
        return [default, *(one for one, on in zip(others, asked, strict=True) if on)]

    async def _graph(self, topics: Topics, seconds: int) -> Publication:
        registry = cast("Registry", self._registry.value or Registry())

        marks = cast("Marks", self._marks.value or Marks())
        told = self._calls.value if seconds >= sources.CALLS_AFTER_SECONDS else None
        appenders = (
            *live(told or (), sources.CALLS_SECONDS),
            badging(marks.badges),
            breaking(marks.breakers),
        )

        def work() -> Publication:
            graph = to_json(build(self._window, registry, time.time(), seconds, appenders))
            return topics.advance(graph_topic(seconds), graph)

        async with self._window_lock:
            began = time.perf_counter()
            publication = await self._maybe_off_loop(self._build_took > OFF_LOOP_SECONDS, work)
            self._build_took = time.perf_counter() - began
        return publication

    async def _send(self, publication: Publication) -> None:
        if not await self._lease.publish(
            publication.topic, publication.snapshot, publication.messages
        ):
            self._topics = None

    @staticmethod
    async def _maybe_off_loop(off: bool, work: Callable[[], Value]) -> Value:
        return await asyncio.to_thread(work) if off else work()


def _decoded(packed: bytes) -> EdgeSecond | None:
    try:
        return edges.unpack(packed)
    except ValueError as error:
        log.warning("An entry of %s cannot be read: %s", EDGES_STREAM, error)
        return None


def _from_database(read: Callable[[], Value]) -> Value:
    close_old_connections()
    try:
        return read()
    finally:
        close_old_connections()
