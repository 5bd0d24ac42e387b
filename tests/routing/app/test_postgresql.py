"""The same tests of configuration and accounts, on Debian's PostgreSQL."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
ROOT = Path(__file__).resolve().parents[3]
SUITES = ("tests/routing/app", "tests/mesh_web/accounts")

pytestmark = pytest.mark.skipif(
    connection.vendor == "postgresql", reason="this is the run on PostgreSQL"
)


def as_owner(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as Debian's own user."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else [*command]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The URL of a server of its own, gone after the test."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL IS NOT INSTALLED: nothing proves that Meshweb runs on it")
    directory = Path(tempfile.mkdtemp(prefix="mwpg", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(directory, "postgres")
    data, port = directory / "data", free_port()
    initdb = (str(PROGRAMS[0] / "initdb"), "-D", str(data), "-U", "meshweb", "-A", "trust", "-N")
    subprocess.run(as_owner(*initdb), check=True, stdout=subprocess.DEVNULL, cwd="/")
    server = (str(PROGRAMS[0] / "pg_ctl"), "-D", str(data), "-w", "-s")
    options = f"-c fsync=off -c listen_addresses=127.0.0.1 -p {port} -k {directory}"
    log = str(directory / "log")
    subprocess.run(as_owner(*server, "-l", log, "-o", options, "start"), check=True, cwd="/")
    try:
        yield f"postgresql://meshweb@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(as_owner(*server, "-m", "immediate", "stop"), check=True, cwd="/")
        shutil.rmtree(directory, ignore_errors=True)


def test_configuration_and_accounts_work_on_postgresql(postgresql: str) -> None:
    environment = {**os.environ, "MESHWEB_DATABASE_URL": postgresql}
    environment["MESHWEB_SECRET_KEY"] = settings.SECRET_KEY
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--create-db", *SUITES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    assert " passed" in ran.stdout
