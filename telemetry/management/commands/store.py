"""`manage.py store`: become the store process (the engine needs no Django, so it gets none)."""

import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Run the embedded ClickHouse on loopback."
    requires_system_checks = ()

    def handle(self, *_args: object, **_options: object) -> None:
        os.chdir(settings.BASE_DIR)
        os.execv(  # noqa: S606  the same process goes on, so the supervisor's signals reach it
            sys.executable,
            [
                sys.executable, "-m", "telemetry.store.server", str(settings.HOME),
                "--bind", settings.BIND, "--port", str(settings.STORE_PORT),
            ],
        )  # fmt: skip
