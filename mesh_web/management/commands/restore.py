"""Read what `backup` wrote into an empty home: `restore mesh.tar`; `--check` only reads the file."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from mesh_web.backup.telling import Teller
from mesh_web.cli import exits
from mesh_web.management.commands.backup import passphrase_of


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--check", action="store_true", help="restore nothing")
        parser.add_argument(
            "--without-telemetry", action="store_true", help="configuration and keys alone"
        )
        parser.add_argument("--passphrase-file", type=Path, help="where the keys are sealed")

    def handle(
        self,
        *,
        file: Path,
        check: bool,
        without_telemetry: bool,
        passphrase_file: Path | None,
        **_: object,
    ) -> None:
        from django.db import DatabaseError  # noqa: PLC0415  needs Django's apps

        from mesh_web.backup import archive, restoring  # noqa: PLC0415
        from mesh_web.supervision.preflight import CannotStart  # noqa: PLC0415
        from telemetry.facade import StoreAway, StoreError  # noqa: PLC0415

        tell = Teller()
        try:
            word = passphrase_of(passphrase_file)
            if check:
                made = restoring.check(file, passphrase=word, tell=tell)
            else:
                made = restoring.restore(
                    file, telemetry=not without_telemetry, passphrase=word, tell=tell
                )
        except (
            archive.Damaged, restoring.CannotRestore, CannotStart, OSError, DatabaseError,
            StoreError, StoreAway,
        ) as error:  # fmt: skip
            tell.end()
            self.stderr.write(f"meshweb restore: {error}")
            sys.exit(exits.FINDINGS)
        tell.end()
        done = "is whole and fits this version" if check else "is restored; start with meshweb up"
        self.stdout.write(f"{file}: {made.rows} rows, made {made.made}, {done}.")
