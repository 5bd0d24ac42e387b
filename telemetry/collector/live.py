"""Once a second: what every edge gained goes to the broker, together with the values it came to.

Both are one transaction. So a collector that is killed at any moment publishes no increase
twice and forgets none: its successor reads the values and goes on from them. The increases go
into a stream, where a reader that was away finds what it missed.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Any, Final

import orjson
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from telemetry.collector.samples import batched
from telemetry.contracts import (
    EDGES_FIELD,
    EDGES_KEPT_SECONDS,
    EDGES_STREAM,
    EdgeCount,
    EdgeKey,
    EdgeSecond,
)
from telemetry.edges import pack
from telemetry.ingest.istio import add, spread
from telemetry.ingest.series import Increase, SeriesTable, Values

log = logging.getLogger(__name__)

KEEP_SECONDS: Final = 3600
REFRESH_SECONDS: Final = 600
STREAM_BYTES: Final = 8_000_000
"""About the most that the stream holds."""
STREAM_ENTRIES: Final = 2000
PUNCTUAL_SECONDS: Final = 3.0
"""A proxy's values are normally this fresh; what comes after a longer silence is spread over it."""
PARTS: Final = 60
"""At the most: of a longer silence not every second gets its part."""
ASKED_AT_ONCE: Final = 200
"""Senders whose values are looked up in one round trip."""
_HEARD_BY: Final = b"@"
"""Beside a sender's values: the collector that heard it last."""

Edges = dict[EdgeKey, EdgeCount]


class LivePublisher:
    """`known` are senders that the store has heard before: without values in the broker their
    first ones are a baseline, for they were counted by an earlier collector.
    """

    def __init__(
        self, table: SeriesTable, broker: "Redis", collector: str, known: frozenset[str]
    ) -> None:
        self._table = table
        self._broker = broker
        self._collector = collector
        self._known = known
        self._refreshed = 0.0
        self._largest = 0.0

    async def run(self) -> None:
        """Publish at the start of every second, until cancelled."""
        while True:
            now = time.time()
            await asyncio.sleep(1.0 - now % 1.0)
            try:
                await self.publish(int(time.time()))
            except (RedisError, OSError) as error:
                log.warning("the broker is away, edge counts wait: %s", error)
                self._table.unload()
            except Exception:
                log.exception("edge counts wait")
                self._table.unload()

    async def publish(self, second: int) -> tuple[EdgeSecond, ...]:
        """Publish what was gained, oldest second first: one, or those that were missed."""
        await self._load()
        increases = list(self._table.increases())
        await self._refresh()
        seconds = self._seconds(increases, second)
        pipeline = self._broker.pipeline(transaction=True)
        pipeline.set(_alive_key(self._collector), second, ex=KEEP_SECONDS)
        for gained in increases:
            mapping: dict[Any, Any] = {
                name: orjson.dumps(values) for name, values in gained.values.items()
            }
            mapping[_HEARD_BY] = self._collector
            pipeline.hset(_key(gained.instance), mapping=mapping)
            pipeline.expire(_key(gained.instance), KEEP_SECONDS)
        self._append(pipeline, seconds)
        await pipeline.execute()
        self._table.published(increases)
        return seconds

    def _seconds(self, increases: Iterable[Increase], second: int) -> tuple[EdgeSecond, ...]:
        found = by_second(increases, second)
        newest = found.setdefault(second, {})
        for key, level in self._table.open_connections(time.time()).items():
            _add(newest, key, EdgeCount(connections_open=level))
        return tuple(
            EdgeSecond(collector=self._collector, second=one, edges=tuple(edges.items()))
            for one, edges in sorted(found.items())
            if edges
        )

    def _append(self, pipeline: "Pipeline", seconds: Iterable[EdgeSecond]) -> None:
        """The stream is kept short by number, reckoned with its largest entries, and by age."""
        oldest = int(1000 * (time.time() - EDGES_KEPT_SECONDS))
        for one in seconds:
            packed = pack(one)
            self._largest = max(float(len(packed)), 0.99 * self._largest)
            most = min(STREAM_ENTRIES, int(STREAM_BYTES // self._largest) + 1)
            pipeline.xadd(EDGES_STREAM, {EDGES_FIELD: packed}, maxlen=most, approximate=False)
        pipeline.xtrim(EDGES_STREAM, minid=f"{oldest}-0", approximate=False)

    async def _load(self) -> None:
        """Look up what was published of senders that are new here."""
        alive: dict[bytes, float] = {}
        new = [s.instance for s in self._table.senders.values() if not s.loaded]
        for some in batched(new, ASKED_AT_ONCE):
            pipeline = self._broker.pipeline(transaction=False)
            for instance in some:
                pipeline.hgetall(_key(instance))
            for instance, kept in zip(some, await pipeline.execute(), strict=True):
                await self._loaded(instance, dict(kept), alive)

    async def _loaded(
        self, instance: str, kept: dict[bytes, bytes], alive: dict[bytes, float]
    ) -> None:
        if not kept and instance in self._known:
            self._table.load(instance, None)
            return
        heard_by = kept.pop(_HEARD_BY, b"")
        if heard_by and heard_by not in alive:
            alive[heard_by] = float(await self._broker.get(_alive_key(heard_by.decode())) or 0)
        published = {k.decode(): _values(v) for k, v in kept.items()}
        self._table.load(instance, published, alive.get(heard_by, 0.0))

    async def _refresh(self) -> None:
        """Keep the values of senders that are alive and idle."""
        if time.monotonic() - self._refreshed < REFRESH_SECONDS:
            return
        self._refreshed = time.monotonic()
        pipeline = self._broker.pipeline(transaction=False)
        for instance in self._table.senders:
            pipeline.expire(_key(instance), KEEP_SECONDS)
        await pipeline.execute()


def by_second(increases: Iterable[Increase], second: int) -> dict[int, Edges]:
    """Sums by edge: for `second`, and of senders not heard in time for the seconds they missed."""
    found: dict[int, Edges] = {}
    for gained in increases:
        seconds = _covered(gained.since, second)
        edges = [found.setdefault(one, {}) for one in seconds]
        for key, count in gained.counts:
            for one, part in zip(edges, spread(count, len(seconds)), strict=True):
                if part != _NOTHING:
                    _add(one, key, part)
    return found


_NOTHING = EdgeCount()


def _covered(since: float, second: int) -> list[int]:
    """The seconds in which an increase since then came about, as far as one can tell."""
    missed = min(int(second - since), EDGES_KEPT_SECONDS - 1)
    if not since or second - since <= PUNCTUAL_SECONDS:
        return [second]
    parts = min(missed, PARTS)
    return [second - missed * i // parts for i in reversed(range(parts))]


def _add(edges: Edges, key: EdgeKey, count: EdgeCount) -> None:
    edges[key] = add(edges[key], count) if key in edges else count


def _values(text: bytes) -> Values:
    return tuple(orjson.loads(text))


def _key(instance: str) -> str:
    return f"meshweb:counts:{instance}"


def _alive_key(collector: str) -> str:
    """The last second that this collector published."""
    return f"meshweb:collector:{collector}"
