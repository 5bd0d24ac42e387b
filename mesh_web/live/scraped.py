"""The registry's pods, left in the broker for collectors that scrape them."""

import asyncio
from collections.abc import Callable
from typing import Final

import orjson
from redis.asyncio import Redis

from telemetry.contracts import SCRAPE_PODS
from topology.contracts import Registry
from topology.scraped import scraped_pods

LOOK_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 30.0
"""A broker that lost its memory is told again by then."""


async def tell_pods(broker: "Redis", registry: Callable[[], Registry | None]) -> None:
    """Until cancelled. Raises RedisError and OSError when the broker is away."""
    told: bytes | None = None
    known: Registry | None = None
    left = 0.0
    while True:
        found = registry()
        if found is not None and (found is not known or left <= 0):
            known, document = found, orjson.dumps(scraped_pods(found))
            if document != told or left <= 0:
                await broker.set(SCRAPE_PODS, document)
                told, left = document, AGAIN_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        left -= LOOK_SECONDS
