"""Look at everything Meshweb needs, and say how to mend what is wrong: `doctor [-o json]`."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import BaseCommand

from mesh_web.cli import exits


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--failed", action="store_true", help="say nothing of what is well")
        parser.add_argument("-o", "--output", choices=("table", "json"), default="table")

    def handle(self, *, output: str, failed: bool, **_: object) -> None:
        from mesh_web.doctor import here, services  # noqa: PLC0415  needs Django's apps

        found = (*here(), *services())
        shown = [check for check in found if not (failed and check.ok)]
        if output == "json":
            self.stdout.write(json.dumps([asdict(check) for check in shown], indent=1))
        else:
            width = max(len(check.name) for check in found)
            for check in shown:
                state = "ok    " if check.ok else "FAILED"
                mend = "" if check.ok else f" -> {check.mend}"
                self.stdout.write(f"{state}  {check.name.ljust(width)}  {check.said}{mend}")
        sys.exit(exits.OK if all(check.ok for check in found) else exits.FINDINGS)
