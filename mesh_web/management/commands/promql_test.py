"""`meshweb promql-test FILE... [-o json]`: runs Prometheus's test scripts against our engine."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from metrics.promql.testrun import Report, run


class Command(BaseCommand):
    help = "Runs PromQL test scripts; exit code 1 if an evaluation fails."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("-o", "--output", choices=("text", "json"), default="text")

    def handle(self, *_args: Any, files: list[str], output: str, **_options: Any) -> None:
        reports = {name: _report(Path(name)) for name in files}
        if output == "json":
            shown = json.dumps({name: asdict(report) for name, report in reports.items()}, indent=1)
            self.stdout.write(shown)
        else:
            for name, report in reports.items():
                self.stdout.write(_sentence(name, report))
        if any(report.failed for report in reports.values()):
            sys.exit(1)


def _report(path: Path) -> Report:
    try:
        script = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        return Report(0, 1, 0, (f"cannot read {path}: {error.strerror}",))
    return run(script)


def _sentence(name: str, report: Report) -> str:
    head = f"{name}: {report.passed} passed, {report.failed} failed, {report.skipped} skipped"
    return "\n".join([head, *(f"  {reason}" for reason in report.reasons)])
