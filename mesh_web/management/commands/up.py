"""Run Meshweb on this machine, in the foreground, without the sample shop."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from mesh_web.supervision.start import bring_up, or_exit


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--logs", action="store_true", help="show every process' log lines")

    def handle(self, **options: object) -> None:
        or_exit(lambda: bring_up(show_logs=bool(options["logs"])))
