"""Which of several collectors scrapes a target: each is a member, and each target has one owner.

A member says every second that it lives. Whoever newly owns a target waits until its former owner
has had the time to see that. With the broker away everybody goes on with what they knew.
"""

import hashlib
import logging
import time
from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from telemetry.contracts import SCRAPERS

log = logging.getLogger(__name__)

ALIVE_SECONDS = 5.0
SETTLE_SECONDS = 2.5
"""Longer than two heartbeats: then all have seen who came and who left."""


class Members:
    """`name` is the same for a collector's successor, so that it goes on with the same targets."""

    def __init__(
        self, broker: "Redis", name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._broker = broker
        self._clock = clock
        self._members: tuple[str, ...] = ()
        self._changed_at = clock()

    @property
    def settled(self) -> bool:
        """May new targets be begun with?"""
        return self._clock() - self._changed_at >= SETTLE_SECONDS

    @property
    def names(self) -> tuple[str, ...]:
        return self._members or (self.name,)

    async def beat(self) -> bool:
        """Say that this one lives; whether others came or left."""
        now = time.time()
        try:
            pipeline = self._broker.pipeline(transaction=True)
            pipeline.zadd(SCRAPERS, {self.name: now})
            pipeline.zremrangebyscore(SCRAPERS, 0, now - ALIVE_SECONDS)
            pipeline.zrange(SCRAPERS, 0, -1)
            found = (await pipeline.execute())[-1]
        except (RedisError, OSError):  # the edge counts' publisher says so
            return False
        members = tuple(sorted(one.decode() for one in found))
        if members == self._members:
            return False
        self._members, self._changed_at = members, self._clock()
        return True

    def mine(self, target: str) -> bool:
        """Rendezvous hashing: who comes or leaves moves only what is its own."""
        return self.name == max(self.names, key=lambda member: _weight(member, target))


def _weight(member: str, target: str) -> bytes:
    return hashlib.blake2b(f"{member}\0{target}".encode(), digest_size=8).digest()
