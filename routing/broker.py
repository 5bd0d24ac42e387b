"""Hints and waits over the broker. It may be away: then nothing here raises or hangs."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import PubSub

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.5
"""How long a request may be held up by a broker that does not answer."""


@cache
def client() -> "Redis":
    """This process's connections, made on first use."""
    from redis import Redis  # noqa: PLC0415  0.1 s that only the first hint pays
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    return Redis.from_url(
        settings.BROKER_URL,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def publish(channel: str, payload: Mapping[str, Any]) -> bool:
    """Say it to whoever listens now; whether the broker took it."""
    return _quietly(lambda broker: broker.publish(channel, json.dumps(payload)))


def keep(key: str, payload: Mapping[str, Any], *, seconds: int) -> bool:
    """Leave the latest value where a late reader finds it; whether the broker took it."""
    return _quietly(lambda broker: broker.set(key, json.dumps(payload), ex=seconds))


def alive() -> bool:
    return _quietly(lambda broker: broker.ping())


def _quietly(act: Any) -> bool:
    from redis.exceptions import RedisError  # noqa: PLC0415

    try:
        act(client())
    except (RedisError, OSError) as error:
        log.warning("the broker did not answer: %s", error)
        return False
    return True


@contextmanager
def listening(channel: str) -> Iterator["Ear"]:
    """Subscribed from the first line of the block, so that nothing said inside it is missed."""
    from redis.exceptions import RedisError  # noqa: PLC0415

    pubsub: PubSub | None = client().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    try:
        try:
            if pubsub is not None:
                pubsub.subscribe(channel)
        except (RedisError, OSError):
            pubsub = None
        yield Ear(pubsub)
    finally:
        if pubsub is not None:
            pubsub.close()


class Ear:
    """One subscription. Deaf (the broker is away) it only lets time pass."""

    DEAF_STEP_SECONDS = 0.25

    def __init__(self, pubsub: "PubSub | None") -> None:
        self._pubsub = pubsub

    def wait(self, seconds: float) -> Mapping[str, Any] | None:
        """The next message, or None: time is out, or (deaf) it may be time to look oneself."""
        from redis.exceptions import RedisError  # noqa: PLC0415

        if self._pubsub is not None:
            try:
                message = self._pubsub.get_message(timeout=seconds)
            except (RedisError, OSError):
                self._pubsub = None
            else:
                return None if message is None else json.loads(message["data"])
        time.sleep(min(seconds, self.DEAF_STEP_SECONDS))
        return None
