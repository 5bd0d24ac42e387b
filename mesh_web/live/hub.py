"""Fan-out: one broker subscription per web process, every message made once for all its sockets."""

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final, cast
from weakref import WeakKeyDictionary

from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mesh_web.live.broker import WANTED_SECONDS, connect, snapshot_key, wanted_key
from mesh_web.live.protocol import ON_DEMAND, Envelope, Kind, Position, Step, step
from telemetry.contracts import Channel

log = logging.getLogger(__name__)

QUEUE_MESSAGES: Final = 16
REMEMBERED_MESSAGES: Final = 64
RETRY_SECONDS: Final = 0.2
WANTED_EVERY_SECONDS: Final = 4.0
SLOW_CLOSED = Counter("meshweb_live_slow_sockets_closed", "Sockets closed because they lagged")
SOCKETS = Gauge("meshweb_live_sockets", "Open live sockets")


class Outbox:
    """What one socket has yet to be sent: at most QUEUE_MESSAGES, then it has overflowed for good."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._filled = asyncio.Event()
        self.overflowed = False

    def offer(self, text: str) -> None:
        if self.overflowed:
            return
        if len(self._waiting) >= QUEUE_MESSAGES:
            self.overflowed = True
            self._waiting.clear()
            SLOW_CLOSED.inc()
        else:
            self._waiting.append(text)
        self._filled.set()

    async def take(self) -> str | None:
        """The next text in order; None once it has overflowed."""
        while not self._waiting and not self.overflowed:
            self._filled.clear()
            await self._filled.wait()
        return None if self.overflowed else self._waiting.popleft()


class Hub:
    """Relays live messages to the outboxes that joined their topic.

    An outbox first gets the topic's snapshot, then every later message without a gap. Where one
    was lost on the way (the broker was away) all followers get a fresh snapshot instead.
    """

    def __init__(self, broker: Redis) -> None:
        self._broker = broker
        self._followers: dict[str, dict[Outbox, Position | None]] = defaultdict(dict)
        self._recent: dict[str, deque[tuple[Envelope, str]]] = {}
        self._connected = asyncio.Event()
        self._resyncing: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled; a lost broker is tried again."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._stay_connected())
                group.create_task(self._keep_wanting())
        finally:
            await self._broker.aclose()

    async def join(self, outbox: Outbox, topic: str) -> None:
        """Follow from the current snapshot on; joining again means a fresh snapshot."""
        self._followers[topic][outbox] = None
        if topic in ON_DEMAND:
            await self._want([topic])
        if self._connected.is_set():
            await self._send_snapshot(topic, [outbox])

    def leave(self, outbox: Outbox, topic: str) -> None:
        self._followers[topic].pop(outbox, None)

    def leave_all(self, outbox: Outbox) -> None:
        for followers in self._followers.values():
            followers.pop(outbox, None)

    async def _stay_connected(self) -> None:
        while True:
            try:
                async with self._broker.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(Channel.LIVE)
                    self._recent.clear()
                    self._connected.set()
                    for topic in list(self._followers):
                        self._resync(topic)
                    async for message in pubsub.listen():
                        self._relay(message["data"])
            except (RedisError, OSError) as error:
                if self._connected.is_set():
                    log.warning("The broker is away: %s", error)
                self._connected.clear()
                await asyncio.sleep(RETRY_SECONDS)

    def _relay(self, raw: bytes) -> None:
        envelope = Envelope.read(raw)
        if envelope is None:
            log.warning("Not a live message: %r", raw[:80])
            return
        text = raw.decode()
        recent = self._recent.setdefault(envelope.topic, deque(maxlen=REMEMBERED_MESSAGES))
        if envelope.kind is Kind.SNAPSHOT:
            recent.clear()  # deltas from before it lead nowhere
        recent.append((envelope, text))
        gap = False
        followers = self._followers[envelope.topic]
        for outbox, position in followers.items():
            verdict = step(position, envelope)
            if verdict is Step.TAKE:
                outbox.offer(text)
                followers[outbox] = envelope.position
            gap = gap or verdict is Step.GAP
        if gap:
            self._resync(envelope.topic)

    def _resync(self, topic: str) -> None:
        """Send a snapshot to all who are behind it, once however many are."""
        if topic not in self._resyncing and self._followers[topic]:
            task = asyncio.ensure_future(self._send_snapshot(topic, list(self._followers[topic])))
            self._resyncing[topic] = task
            task.add_done_callback(lambda _: self._resyncing.pop(topic, None))

    async def _send_snapshot(self, topic: str, outboxes: Iterable[Outbox]) -> None:
        """The kept snapshot, then what has been heard since; nothing where there is none yet."""
        try:
            raw = cast("bytes | None", await self._broker.get(snapshot_key(topic)))
        except (RedisError, OSError):
            return  # the next connection resynchronises everyone
        envelope = None if raw is None else Envelope.read(raw)
        if raw is None or envelope is None:
            return
        text = raw.decode()
        followers = self._followers[topic]
        for outbox in outboxes:
            if outbox not in followers:
                continue
            position = followers[outbox]
            if position is not None and position >= envelope.position:
                continue
            outbox.offer(text)
            position = envelope.position
            for later, later_text in self._recent.get(topic, ()):
                if later.kind is Kind.DELTA and step(position, later) is Step.TAKE:
                    outbox.offer(later_text)
                    position = later.position
            followers[outbox] = position

    async def _keep_wanting(self) -> None:
        """Topics built on demand are asked for as long as somebody follows them."""
        while True:
            await asyncio.sleep(WANTED_EVERY_SECONDS)
            await self._want([topic for topic in ON_DEMAND if self._followers.get(topic)])

    async def _want(self, topics: Iterable[str]) -> None:
        with contextlib.suppress(RedisError, OSError):
            for topic in topics:
                await self._broker.set(wanted_key(topic), b"1", ex=WANTED_SECONDS)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Hub, asyncio.Task[None]]] = (
    WeakKeyDictionary()
)


def hub() -> Hub:
    """The hub of this event loop, started on first use."""
    loop = asyncio.get_running_loop()
    running = _hubs.get(loop)
    if running is None or running[1].done():
        fresh = Hub(connect())
        running = (fresh, loop.create_task(fresh.run()))
        _hubs[loop] = running
    return running[0]
