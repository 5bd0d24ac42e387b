"""Beat sends what the worker knows, and knows nothing of it itself."""

import subprocess
import sys

from django.conf import settings

from mesh_web.celery import app

LOADED = """
import sys
from mesh_web.beat import app
app.loader.import_default_modules()
app.finalize()
from celery.beat import Scheduler
sent = Scheduler(app, lazy=True)
sent.setup_schedule()
print(sorted(one.task for one in sent.schedule.values()), "django.db" in sys.modules)
"""


def test_every_task_of_the_schedule_is_one_of_the_workers() -> None:
    app.loader.import_default_modules()
    named = {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
    assert named <= app.tasks.keys()


def test_beat_loads_neither_tasks_nor_the_database() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED], check=True, capture_output=True, text=True
    ).stdout
    named = sorted(str(one["task"]) for one in settings.CELERY_BEAT_SCHEDULE.values())
    assert told.strip() == f"{named} False"
