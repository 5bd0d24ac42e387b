"""What must hold before anything starts, each as one sentence that says how to mend it."""

import contextlib
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings

POD_NETWORK_PORT = 15001


class CannotStart(Exception):  # noqa: N818  the sentence is all there is to it
    """Meshweb cannot start; the message is for the user."""


def claim_home() -> IO[str]:
    """Hold MESHWEB_HOME for this process; the caller keeps the file open.

    The lock is the kernel's, so a killed run never leaves a stale one.
    """
    settings.HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.HOME.chmod(0o700)
    lock = (settings.HOME / "supervisor.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise CannotStart(
            f"Meshweb is already running in {settings.HOME} (process {holder}): end it with "
            f"Ctrl-C in its terminal or `kill {holder}`, or set MESHWEB_HOME and "
            "MESHWEB_PORT_OFFSET=100 to run a second copy."
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def prepare_runtime_directory() -> None:
    """A private directory for sockets, cleared of those of an earlier run; nothing else is touched."""
    directory: Path = settings.RUNTIME_DIR
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise CannotStart(
            f"{directory} is a link or belongs to another user: set MESHWEB_RUNTIME_DIR to a "
            "directory of your own."
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        if any(not entry.is_socket() for entry in directory.iterdir()):
            raise CannotStart(
                f"{directory} is open to others and holds other files: set MESHWEB_RUNTIME_DIR "
                "to a directory of its own."
            )
        directory.chmod(0o700)
    for entry in directory.iterdir():
        if entry.is_socket():
            with contextlib.suppress(OSError):
                entry.unlink()


def claim_pod_network() -> socket.socket:
    """Hold this copy's pod network; the caller keeps the socket open.

    Pods start at 127.N.0.2, so 127.N.0.1 is free to say that the network is taken.
    """
    held = socket.socket()
    try:
        held.bind((f"127.{settings.POD_NETWORK}.0.1", POD_NETWORK_PORT))
    except OSError:
        held.close()
        raise CannotStart(
            f"The pod network 127.{settings.POD_NETWORK}.0.0/16 is in use by another copy, or this "
            "system has no such loopback addresses: set MESHWEB_POD_NETWORK to another number "
            "(70 to 250)."
        ) from None
    return held


def check_ports(ports: dict[str, tuple[str, int]]) -> None:
    """`ports` maps what a port is for to (address, number); the first taken one is named."""
    for purpose, (address, number) in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, number))
            except OSError as error:
                raise CannotStart(_taken(purpose, address, number, error)) from None


def _taken(purpose: str, address: str, number: int, error: OSError) -> str:
    owner = next(_owners(number), "another process")
    return (
        f"Port {number} ({purpose}) on {address} is taken by {owner} ({error.strerror}): end it, or "
        "run `MESHWEB_PORT_OFFSET=100 make demo` to shift every port."
    )


def _owners(port: int) -> Iterator[str]:
    """Who listens on a TCP port, from /proc, where it may be read."""
    inodes = set(_listening_inodes(port))
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                target = str(descriptor.readlink())
                if target.startswith("socket:[") and target[8:-1] in inodes:
                    name = (process / "comm").read_text().strip()
                    yield f"{name} (process {process.name})"


def _listening_inodes(port: int) -> Iterator[str]:
    listening = "0A"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == listening and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]
