"""The live view's keys in the broker, and connections that report a loss instead of hiding it."""

from functools import cache
from typing import Final

from django.conf import settings
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.retry import Retry as BlockingRetry

LEASE: Final = "meshweb:live:lease"
"""Who builds: a random name, expiring."""
SNAPSHOT_SECONDS: Final = 15
"""A snapshot that no builder renews is gone after this."""
WANTED_SECONDS: Final = 15


def snapshot_key(topic: str) -> str:
    return f"meshweb:live:{topic}"


def wanted_key(topic: str) -> str:
    """Set, and expiring, while somebody looks at a topic that is built on demand."""
    return f"meshweb:live:wanted:{topic}"


def connect(url: str = "") -> Redis:
    """A client that raises on a lost connection: a silent reconnect would lose messages."""
    return Redis.from_url(
        url or settings.BROKER_URL, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2
    )


@cache
def connect_blocking() -> BlockingRedis:
    """This process's connections for views; safe in threads."""
    return BlockingRedis.from_url(
        settings.BROKER_URL,
        retry=BlockingRetry(NoBackoff(), 0),
        socket_timeout=1,
        socket_connect_timeout=1,
    )
