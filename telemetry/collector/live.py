"""Once a second: what every edge gained goes to the broker, together with the values it came to.

Both are one transaction. So a collector that is killed at any moment publishes no increase
twice and forgets none: its successor reads the values and goes on from them.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping
from typing import Any, cast

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from telemetry.contracts import Channel, EdgeCount, EdgeKey, EdgeSecond
from telemetry.edges import encode
from telemetry.ingest.istio import add
from telemetry.ingest.series import Increase, SeriesTable, Values

log = logging.getLogger(__name__)

KEEP_SECONDS = 3600
REFRESH_SECONDS = 600


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

    async def publish(self, second: int) -> EdgeSecond | None:
        """Publish one second's increases; None where there are none."""
        await self._load()
        increases = list(self._table.increases())
        await self._refresh()
        if not increases:
            return None
        edges = EdgeSecond(
            collector=self._collector, second=second, edges=tuple(_summed(increases).items())
        )
        pipeline = self._broker.pipeline(transaction=True)
        for gained in increases:
            mapping: dict[Any, Any] = {
                name: orjson.dumps(values) for name, values in gained.values.items()
            }
            pipeline.hset(_key(gained.instance), mapping=mapping)
            pipeline.expire(_key(gained.instance), KEEP_SECONDS)
        pipeline.publish(Channel.EDGES.value, encode(edges))
        await pipeline.execute()
        self._table.published(increases)
        return edges

    async def _load(self) -> None:
        """Look up what was published of senders that are new here."""
        for instance in [s.instance for s in self._table.senders.values() if not s.loaded]:
            kept = await cast(
                "Awaitable[Mapping[bytes, bytes]]", self._broker.hgetall(_key(instance))
            )
            if not kept and instance in self._known:
                self._table.load(instance, None)
            else:
                self._table.load(instance, {k.decode(): _values(v) for k, v in kept.items()})

    async def _refresh(self) -> None:
        """Keep the values of senders that are alive and idle."""
        if time.monotonic() - self._refreshed < REFRESH_SECONDS:
            return
        self._refreshed = time.monotonic()
        pipeline = self._broker.pipeline(transaction=False)
        for instance in self._table.senders:
            pipeline.expire(_key(instance), KEEP_SECONDS)
        await pipeline.execute()


def _summed(increases: list[Increase]) -> dict[EdgeKey, EdgeCount]:
    edges: dict[EdgeKey, EdgeCount] = {}
    for gained in increases:
        for key, count in gained.counts:
            edges[key] = add(edges[key], count) if key in edges else count
    return edges


def _values(text: bytes) -> Values:
    return tuple(orjson.loads(text))


def _key(instance: str) -> str:
    return f"meshweb:counts:{instance}"
