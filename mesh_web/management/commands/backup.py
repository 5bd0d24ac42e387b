"""Write configuration, keys and telemetry to one file, while Meshweb runs: `backup mesh.tar`."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from mesh_web.backup.telling import Teller
from mesh_web.cli import exits


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="is made, readable by its owner alone")
        parser.add_argument(
            "--without-telemetry", action="store_true", help="spans, samples and logs stay out"
        )
        parser.add_argument(
            "--passphrase-file", type=Path, help="seals the keys; without it they are plain"
        )

    def handle(
        self, *, file: Path, without_telemetry: bool, passphrase_file: Path | None, **_: object
    ) -> None:
        from mesh_web.backup import saving  # noqa: PLC0415  needs Django's apps
        from telemetry.facade import StoreAway, StoreError  # noqa: PLC0415

        tell = Teller()
        try:
            made = saving.save(
                file,
                telemetry=not without_telemetry,
                passphrase=passphrase_of(passphrase_file),
                tell=tell,
            )
        except (saving.CannotSave, OSError, StoreError, StoreAway) as error:
            tell.end()
            self.stderr.write(f"meshweb backup: {error}")
            sys.exit(exits.FINDINGS)
        tell.end()
        keys = "sealed with the passphrase" if passphrase_file else "plain: keep the file private"
        self.stdout.write(
            f"{file}: {made.rows} rows of configuration,"
            f" {_telemetry(made.elsewhere, made.store)}; its keys are {keys}."
        )


def passphrase_of(path: Path | None) -> str:
    """Its first line. Raises OSError, also where there is none."""
    if path is None:
        return ""
    word = path.read_text().partition("\n")[0]
    if not word:
        raise OSError(f"{path} has no passphrase in its first line")
    return word


def _telemetry(elsewhere: str, migrations: tuple[int, ...]) -> str:
    if elsewhere:
        return f"telemetry at {elsewhere}"
    return "telemetry" if migrations else "no telemetry"
