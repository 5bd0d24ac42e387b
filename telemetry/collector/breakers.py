"""What proxies count of their limits and ejections goes to the broker, as soon as it changes.

A hash with a field a proxy: {"namespace", "pod", "workload", "at", "clusters": {cluster: {count}}}.
A proxy that fell silent is taken out; who reads ignores what has not been renewed for
BREAKER_SECONDS, for a collector may die.
"""

import asyncio
import logging
import time
from typing import Any, Final

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from telemetry.contracts import BREAKERS_HASH, Channel
from telemetry.ingest.breakers import LIMITS, SHORT
from telemetry.ingest.series import ALIVE_SECONDS, Sender, SeriesTable

log = logging.getLogger(__name__)

RENEW_SECONDS: Final = 10.0
OVERFLOWS = tuple(counter.replace(".", "_") for _, counter in LIMITS.values() if counter)
Counts = dict[str, dict[str, float]]


class BreakerPublisher:
    """`refused_since` and `refused_at` (Unix seconds) are added to a cluster once a limit has
    turned something away while this collector looked."""

    def __init__(self, table: SeriesTable, broker: "Redis") -> None:
        self._table = table
        self._broker = broker
        self._told: dict[str, tuple[float, Counts]] = {}
        self._refused: dict[tuple[str, str], tuple[float, float]] = {}
        self._before: dict[tuple[str, str], float] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(1.0 - time.time() % 1.0)
            try:
                await self.publish(time.time())
            except (RedisError, OSError):  # the edge counts' publisher says so
                self._told.clear()
            except Exception:
                log.exception("breakers wait")

    async def publish(self, now: float) -> None:
        changed: dict[str, bytes] = {}
        seen: set[str] = set()
        news = False
        for sender in self._table.senders.values():
            if not sender.breakers or now - sender.heard_at > ALIVE_SECONDS:
                continue
            counts = self._counts(sender, now)
            field = f"{sender.resource.namespace}/{_pod(sender)}"
            seen.add(field)
            told_at, told = self._told.get(field, (0.0, {}))
            if counts == told and now - told_at < RENEW_SECONDS:
                continue
            news |= counts != told
            self._told[field] = (now, counts)
            changed[field] = orjson.dumps(_document(sender, now, counts))
        gone = [field for field in self._told if field not in seen]
        if not (changed or gone):
            return
        pipeline = self._broker.pipeline(transaction=True)
        if changed:
            pipeline.hset(BREAKERS_HASH, mapping=dict[Any, Any](changed))
        if gone:
            pipeline.hdel(BREAKERS_HASH, *gone)
        if news or gone:
            pipeline.publish(Channel.BREAKERS, "{}")
        await pipeline.execute()
        for field in gone:
            del self._told[field]

    def _counts(self, sender: Sender, now: float) -> Counts:
        found: Counts = {}
        for series in sender.breakers:
            cluster = series.labels.get("cluster_name", "")
            found.setdefault(cluster, {})[SHORT[series.name]] = series.values[0]
        for cluster, counts in found.items():
            key = (sender.instance, cluster)
            refused = sum(counts.get(name, 0.0) for name in OVERFLOWS)
            if refused > self._before.get(key, refused):
                since, last = self._refused.get(key, (now, 0.0))
                self._refused[key] = (since if now - last < ALIVE_SECONDS else now, now)
            self._before[key] = refused
            if key in self._refused:
                counts["refused_since"], counts["refused_at"] = self._refused[key]
        return found


def _pod(sender: Sender) -> str:
    return sender.resource.attributes.get("k8s.pod.name", "")


def _document(sender: Sender, now: float, counts: Counts) -> dict[str, Any]:
    return {
        "namespace": sender.resource.namespace,
        "pod": _pod(sender),
        "workload": sender.resource.workload,
        "at": now,
        "clusters": counts,
    }
