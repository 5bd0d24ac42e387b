"""The Celery application; each app's tasks are in its `tasks.py`. Beat has one of its own."""

import os

from celery import Celery
from celery.signals import celeryd_after_setup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")

app = Celery("meshweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_after_setup.connect  # type: ignore[untyped-decorator]
def _worker_begins(**_: object) -> None:
    """Not before its logging is there: Celery takes every other handler away."""
    from django.conf import settings  # noqa: PLC0415  not while the settings are being read
    from prometheus_client import REGISTRY  # noqa: PLC0415  not where tasks are only sent

    from telemetry.own.instrumentation import instrument  # noqa: PLC0415  as above
    from telemetry.own.start import start  # noqa: PLC0415  as above
    from telemetry.own.tasks import Waiting, count_tasks  # noqa: PLC0415  as above

    queues = (settings.CELERY_TASK_DEFAULT_QUEUE, *_queues(settings.CELERY_TASK_ROUTES))
    start(
        settings.OWN_TELEMETRY,
        "meshweb-worker",
        (REGISTRY, Waiting(settings.BROKER_URL, queues)),
    )
    instrument("celery", "redis")
    count_tasks()


def _queues(routes: dict[str, dict[str, str]]) -> tuple[str, ...]:
    return tuple(sorted({one["queue"] for one in routes.values()}))
