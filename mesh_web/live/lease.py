"""One builder at a time: a lease in the broker, checked by the broker at every publish."""

import secrets
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, cast

from redis.asyncio import Redis

from mesh_web.live.broker import LEASE, SNAPSHOT_SECONDS, snapshot_key
from telemetry.contracts import Channel

LEASE_MS: Final = 3000

_HOLD = """
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return holder and 1 or 2
"""
_RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
"""
_PUBLISH = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[2], ARGV[3], 'EX', ARGV[4])
for i = 5, #ARGV do redis.call('publish', ARGV[2], ARGV[i]) end
return 1
"""


class Hold(IntEnum):
    """LOST: another builder has it. TAKEN: it was free until now, a new epoch begins."""

    LOST = 0
    KEPT = 1
    TAKEN = 2


class Lease:
    """The right to publish. Needs renewing (`hold`) well within LEASE_MS."""

    def __init__(self, broker: Redis) -> None:
        self._broker = broker
        self._name = secrets.token_hex(8)

    async def hold(self) -> Hold:
        """Take or renew the lease."""
        return Hold(await self._run(_HOLD, [LEASE], [self._name, LEASE_MS]))

    async def release(self) -> None:
        await self._run(_RELEASE, [LEASE], [self._name])

    async def publish(self, topic: str, snapshot: bytes, messages: Sequence[bytes]) -> bool:
        """Keep the snapshot, then tell; in one step, and not at all without the lease."""
        arguments = [self._name, Channel.LIVE.value, snapshot, SNAPSHOT_SECONDS, *messages]
        return bool(await self._run(_PUBLISH, [LEASE, snapshot_key(topic)], arguments))

    async def _run(self, script: str, keys: list[str], arguments: list[Any]) -> int:
        answer = await cast("Any", self._broker.eval(script, len(keys), *keys, *arguments))
        return int(answer or 0)
