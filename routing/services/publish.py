"""From accepted to pushed. The row is the queue; tasks and messages are hints.

Control looks for new revisions, tries them, and says here that it pushes them, before it does.
"""

import logging
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from rest.contracts import Finding
from routing import broker, trials
from routing.contracts import RevisionState, Trial, TrialOutcome
from routing.findings import as_json
from routing.model.catalogue import finding
from routing.models import Revision
from routing.services.convergence import announce
from telemetry.contracts import Channel

if TYPE_CHECKING:
    from kombu.pools import ProducerPool

log = logging.getLogger(__name__)

STUCK_AFTER = timedelta(seconds=1)


UNDER_WAY = (RevisionState.ACCEPTED, RevisionState.TRIED)


def hint(number: int) -> None:
    """Have control look at once for the revisions up to `number`."""
    broker.publish(Channel.REVISION, {"number": number})


def record_trial(number: int, trial: Trial) -> None:
    """Every accepted revision up to `number` was tried, and is about to be pushed."""
    accepted = Revision.objects.filter(state=RevisionState.ACCEPTED, number__lte=number)
    accepted.update(state=RevisionState.TRIED, trial=trials.as_json(trial))
    if trial.outcome is TrialOutcome.UNTRIED:
        _say_untried(number, trial)
    announce(number, RevisionState.TRIED, ())


def _say_untried(number: int, trial: Trial) -> None:
    row = Revision.objects.get(number=number)
    row.findings = [*row.findings, as_json(_untried(trial))]
    row.save(update_fields=["findings"])


def _untried(trial: Trial) -> Finding:
    return finding("MSH0909", "", "", trial.error)


def publish_through(number: int, now: datetime) -> None:
    """Every revision under way up to `number` is pushed, in order and at once.

    Running it twice changes nothing. A later revision never becomes visible before an earlier
    one: numbers follow commits, and one statement takes all of them.
    """
    Revision.objects.filter(state__in=UNDER_WAY, number__lte=number).update(
        state=RevisionState.PUSHED, published_at=now
    )


def hint_stuck(now: datetime) -> None:
    """Hint again at what was accepted a while ago and is not pushed."""
    stuck = (
        Revision.objects.filter(state=RevisionState.ACCEPTED, accepted_at__lt=now - STUCK_AFTER)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    if stuck is not None:
        hint(stuck)


def enqueue(number: int) -> None:
    """Ask a worker to hint. Without a broker the revision waits for control's next look, not the user."""
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
            "revision %d was accepted, but its hint was lost after %.2f s (%s); control finds it by itself",
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
