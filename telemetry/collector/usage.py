"""What namespaces have of their quotas is left in the broker, for whoever asks the API."""

import asyncio
import logging

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from telemetry.contracts import USAGE, USAGE_SECONDS
from telemetry.ingest.quotas import Quotas

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0


async def tell_usage(broker: "Redis", name: str, quotas: Quotas) -> None:
    """Until cancelled."""
    while True:
        limits = [quotas.series, quotas.rate]
        counted = {
            namespace: [one.series, one.bytes, one.refused_series, one.refused_bytes]
            for namespace, one in quotas.counted().items()
        }
        document = orjson.dumps({"limits": limits, "counted": counted})
        try:
            await broker.set(f"{USAGE}{name}", document, ex=USAGE_SECONDS)
        except (RedisError, OSError) as error:
            log.debug("usage waits: %s", error)
        await asyncio.sleep(EVERY_SECONDS)
