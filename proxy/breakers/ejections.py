"""From an agent's report to the broker: which endpoints its proxies ejected and took back."""

import json
import logging
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import redis
from django.conf import settings

from telemetry.contracts import EJECTIONS_HASH, Channel

log = logging.getLogger(__name__)

MOST = 2000
PATIENCE_SECONDS = 0.5
_last: dict[str, str] = {}


def record(node: str, given: Iterable[Mapping[str, Any]]) -> None:
    """Keep what a node's agent says; raises ValueError, KeyError or TypeError for what is no report."""
    told = [_read(one) for one in list(given)[:MOST]]
    text = json.dumps(told, sort_keys=True)
    try:
        broker = _broker()
        broker.hset(EJECTIONS_HASH, node, json.dumps({"at": time.time(), "endpoints": told}))
        if _last.get(node) != text:
            _last[node] = text
            broker.publish(Channel.BREAKERS, "{}")
    except (redis.RedisError, OSError) as error:
        log.warning("could not tell of ejections: %s", error)


def _read(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "uid": str(one["uid"]),
        "cluster": str(one["cluster"]),
        "endpoint": str(one["endpoint"]),
        "turns": [[float(at), bool(ejected)] for at, ejected in one["turns"]],
    }


@cache
def _broker() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.BROKER_URL,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
    )
