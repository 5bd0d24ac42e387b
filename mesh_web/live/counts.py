"""The edge counts that collectors leave in the broker, read by position: none is missed or doubled."""

from typing import Any, Final, cast

from redis.asyncio import Redis

from telemetry.contracts import EDGES_FIELD, EDGES_STREAM

AT_ONCE: Final = 50
WAIT_MS: Final = 2000


class EdgeCounts:
    """Where one reader is in the stream. A new one begins with the oldest entry that is kept."""

    def __init__(self, broker: Redis) -> None:
        self._broker = broker
        self._position: bytes | str = "0"

    async def read(self, *, wait: bool) -> list[bytes]:
        """The next packed EdgeSeconds, oldest first; `wait` a while where there are none yet."""
        answer: list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]] = await cast(
            "Any",
            self._broker.xread(
                {EDGES_STREAM: self._position}, count=AT_ONCE, block=WAIT_MS if wait else None
            ),
        )
        entries = [entry for _, found in answer for entry in found]
        if entries:
            self._position = entries[-1][0]
        return [fields.get(EDGES_FIELD, b"") for _, fields in entries]
