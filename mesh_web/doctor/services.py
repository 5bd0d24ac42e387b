"""What the running services say: broker and store."""

import time
from collections.abc import Iterator

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from rest.checks import Check
from telemetry.facade import clock_check, store_self_check


def services() -> tuple[Check, ...]:
    """Takes a few seconds where one does not answer."""
    return (*_broker(), *store_self_check())


def _broker() -> Iterator[Check]:
    client = Redis.from_url(settings.BROKER_URL, socket_timeout=2, socket_connect_timeout=1)
    try:
        before = time.time()
        seconds, microseconds = client.time()
        after = time.time()
        kept = client.info("persistence")
    except (RedisError, OSError) as error:
        yield Check(
            name="broker",
            ok=False,
            said=f"it does not answer: {error}",
            mend="see broker.log in the home's logs, or whether MESHWEB_BROKER_URL is right",
        )
        return
    finally:
        client.close()
    written = kept.get("aof_last_write_status", "ok") == "ok"
    yield Check(
        name="broker",
        ok=written,
        said="answers" if written else "it cannot write its file",
        mend="make room on its disk",
    )
    yield clock_check("broker clock", seconds + microseconds / 1e6, before, after)
