"""The window's memory in the broker: a builder that was killed comes back with its history."""

import asyncio
import zlib
from collections import deque
from typing import Any, Final, cast

from redis.asyncio import Redis

from mesh_web.live.broker import HISTORY

MAX_BYTES: Final = 8_000_000
MAX_ENTRIES: Final = 2000
KEEP_SECONDS: Final = 600
LARGE: Final = 200_000


class History:
    """Raw EdgeSecond messages, oldest first, at most MAX_BYTES of them compressed."""

    def __init__(self, broker: Redis) -> None:
        self._broker = broker
        self._sizes: deque[int] = deque()
        self._bytes = 0

    async def load(self) -> list[bytes]:
        """Everything kept; what cannot be read is left out."""
        packed: list[bytes] = await cast("Any", self._broker.lrange(HISTORY, 0, -1))
        self._sizes = deque(len(one) for one in packed)
        self._bytes = sum(self._sizes)
        return [raw for raw in map(_unpacked, packed) if raw is not None]

    async def append(self, raw: bytes) -> None:
        packed = (
            zlib.compress(raw, 1)
            if len(raw) < LARGE
            else await asyncio.to_thread(zlib.compress, raw, 1)
        )
        self._sizes.append(len(packed))
        self._bytes += len(packed)
        while self._bytes > MAX_BYTES or len(self._sizes) > MAX_ENTRIES:
            self._bytes -= self._sizes.popleft()
        async with self._broker.pipeline(transaction=True) as pipe:
            if self._sizes:
                pipe.rpush(HISTORY, packed)
                pipe.ltrim(HISTORY, -len(self._sizes), -1)
                pipe.expire(HISTORY, KEEP_SECONDS)
            await pipe.execute()


def _unpacked(packed: bytes) -> bytes | None:
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return None
