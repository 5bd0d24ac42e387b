"""Run Meshweb with its sample shop and visitors, in the foreground."""

import asyncio
from argparse import ArgumentParser
from collections.abc import Callable

from django.conf import settings
from django.core.management.base import BaseCommand

from mesh_web.supervision.start import bring_up, or_exit


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--logs", action="store_true", help="show every process' log lines")
        parser.add_argument(
            "--rate", type=float, default=5.0, help="requests per second at the start"
        )

    def handle(self, **options: object) -> None:
        from demo import processes, start  # noqa: PLC0415  the sample shop is optional

        async def afterwards(report: Callable[[str], None]) -> None:
            token = (settings.HOME / "admin-token").read_text().strip()
            url = f"http://127.0.0.1:{settings.HTTP_PORT}"
            await asyncio.to_thread(start.apply_demo, url, token, report)

        or_exit(
            lambda: bring_up(
                extra=processes.table(rate=float(str(options["rate"]))),
                extra_ports=processes.ports(),
                afterwards=afterwards,
                show_logs=bool(options["logs"]),
            )
        )
