"""From accepted to pushed. The row is the queue; tasks and messages are hints."""

import logging
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from routing import broker
from routing.contracts import RevisionState
from routing.models import Revision
from routing.selectors import newest_published
from telemetry.contracts import Channel

if TYPE_CHECKING:
    from kombu.pools import ProducerPool

log = logging.getLogger(__name__)

STUCK_AFTER = timedelta(seconds=1)


def publish_through(number: int, now: datetime) -> None:
    """Push every accepted revision up to `number`, in order and at once, then hint.

    Running it twice changes nothing. A later revision never becomes visible before an earlier
    one: numbers follow commits, and one statement takes all of them.
    """
    Revision.objects.filter(state=RevisionState.ACCEPTED, number__lte=number).update(
        state=RevisionState.PUSHED, published_at=now
    )
    newest, _ = newest_published()
    if newest:
        broker.publish(Channel.REVISION, {"number": newest})


def publish_stuck(now: datetime) -> None:
    """Push what was accepted a while ago and whose hint was lost."""
    stuck = (
        Revision.objects.filter(state=RevisionState.ACCEPTED, accepted_at__lt=now - STUCK_AFTER)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    if stuck is not None:
        publish_through(stuck, now)


def enqueue(number: int) -> None:
    """Ask a worker to publish. Without a broker the revision waits for the sweep, not the user."""
    from kombu.exceptions import KombuError  # noqa: PLC0415
    from redis.exceptions import RedisError  # noqa: PLC0415

    from routing.tasks import publish_revision  # noqa: PLC0415  tasks call services

    started = timezone.now()
    try:
        pool = _producers()
        with pool.acquire(block=True, timeout=broker.PATIENCE_SECONDS) as producer:  # type: ignore[no-untyped-call]
            publish_revision.apply_async((number,), producer=producer, retry=False)
    except (KombuError, RedisError, OSError) as error:
        waited = (timezone.now() - started).total_seconds()
        log.warning(
            "revision %d was accepted, but its hint was lost after %.2f s (%s); the sweep will publish it",
            number,
            waited,
            error,
        )


def warm_up() -> None:
    """Load now what the first change would else wait for (half a second of imports)."""
    import yaml  # noqa: F401, PLC0415

    import routing.tasks  # noqa: F401, PLC0415

    broker.alive()
    _producers()


def broker_url() -> str:
    """Where Celery's messages go."""
    return str(settings.CELERY_BROKER_URL)


@cache
def _producers() -> "ProducerPool":
    """Connections that give up soon: Celery's own would wait as long as a worker may."""
    from celery import current_app  # noqa: PLC0415
    from kombu.pools import ProducerPool  # noqa: PLC0415

    connection = current_app.connection_for_write(
        broker_url(),
        connect_timeout=broker.PATIENCE_SECONDS,
        transport_options={
            **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
            "socket_timeout": broker.PATIENCE_SECONDS,
            "socket_connect_timeout": broker.PATIENCE_SECONDS,
            "max_retries": 0,
        },
    )
    return ProducerPool(connections=connection.Pool(limit=4), limit=8)  # type: ignore[no-untyped-call]
