"""`manage.py collector`: become the collector process."""

import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand

from telemetry.collector.config import Config


class Command(BaseCommand):
    help = "Receive OTLP, publish edge counts, fill the store."
    requires_system_checks = ()

    def handle(self, *_args: object, **_options: object) -> None:
        config = Config.of_settings()
        os.chdir(settings.BASE_DIR)
        os.execve(  # noqa: S606  the same process goes on, so the supervisor's signals reach it
            sys.executable,
            [sys.executable, "-m", "telemetry.collector"],
            # threads that encode rows would each keep a heap of their own
            {**os.environ, "MALLOC_ARENA_MAX": "2", **config.environment()},
        )
