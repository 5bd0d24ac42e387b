"""A whole Meshweb with its demo, started for the tests and ended with them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.e2e.api import Api, Visitors, exchange
from tests.e2e.traffic import Ingress
from tests.e2e.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
PORT_OFFSET = 3000
START_SECONDS = 90.0
LINK = re.compile(r"http://127\.0\.0\.1:\d+/login/once/\S+")

MARKS: Mapping[str, tuple[str, ...]] = {
    "web": ("manage.py", "web"),
    "control": ("manage.py", "control"),
    "live": ("manage.py", "live"),
    "collector": ("-m", "telemetry.collector"),
    "store": ("-m", "telemetry.store.server"),
    "worker": ("mesh_web.celery", "worker"),
    "beat": ("mesh_web.beat", "beat"),
    "agent": ("-m", "proxy.agent"),
    "keeper": ("-m", "proxy.agent.keeper"),
}
"""Two words that follow each other in a process' command line."""


@dataclass(slots=True)
class Running:
    """`manage.py demo` in a home of its own. `link` is the one-time login link it printed."""

    home: Path
    process: subprocess.Popen[bytes]
    log: Path
    api: Api = field(init=False)
    visitors: Visitors = field(init=False)
    ingress: Ingress = field(init=False)
    link: str = ""
    seconds_to_start: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{8000 + PORT_OFFSET}"

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def pid(self, name: str) -> int | None:
        """The process of the table that the supervisor runs under this name, if it runs."""
        for pid in children(self.process.pid):
            if _is(name, command_line(pid)):
                return pid
        return None

    def kill(self, name: str) -> int:
        """kill -9 a process of the table; the pid that was."""
        pid = self.pid(name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)
        return pid

    def family(self) -> dict[int, str]:
        """Everything that runs below the supervisor, with when it started (pids come again)."""
        found: dict[int, str] = {}
        parents = {pid: parent(pid) for pid in every_pid()}
        generation = {self.process.pid}
        while generation:
            generation = {p for p, of in parents.items() if of in generation} - found.keys()
            found |= {pid: started_at(pid) for pid in generation}
        return found

    def fresh_link(self) -> str:
        """Another one-time login link, made as `up` makes its own."""
        code = (
            "import django; django.setup(); from mesh_web.accounts import services; "
            "print(services.first_start())"
        )
        word = subprocess.run(
            [sys.executable, "-c", code],
            env=process_environment(self.home),
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        return f"{self.url}/login/once/{word}"

    def login_through(self, link: str) -> str:
        """Open a login link without following its redirect; the session's cookie."""
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-D", "-", "--noproxy", "*", link],
            check=True,
            capture_output=True,
            text=True,
        )
        found = re.search(r"(?im)^set-cookie: (meshweb_session_\d+=[^;]+)", done.stdout)
        assert found, done.stdout
        return found.group(1)

    def end(self) -> None:
        """SIGTERM, as Ctrl-C does; then make sure that nothing is left, whatever happened."""
        family = self.family()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for pid in alive(family):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def start(home: Path) -> Running:
    """Start and wait until the demo serves pages."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "e2e-output.txt"
    began = time.monotonic()
    links_before = len(LINK.findall(log.read_text())) if log.exists() else 0
    with log.open("ab") as output:  # after what an earlier start said
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--logs", "--rate", "0"],
            cwd=ROOT,
            env=process_environment(home),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    running = Running(home, process, log)
    try:
        _wait_until_open(running, began, links_before)
    except BaseException:
        running.end()
        raise
    return running


def _wait_until_open(running: Running, began: float, links_before: int) -> None:
    def link() -> str | None:
        assert running.process.poll() is None, running.output()[-3000:]
        found = LINK.findall(running.output())
        return found[-1] if len(found) > links_before else None

    try:
        running.link = eventually("the login link is printed", link, START_SECONDS)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{running.output()[-6000:]}") from error
    token = (running.home / "admin-token").read_text().strip()
    running.api = Api(running.url, token)
    running.visitors = Visitors(f"http://127.0.0.1:{8091 + PORT_OFFSET}")
    running.ingress = Ingress(8080 + PORT_OFFSET)
    eventually(
        "the shop answers through the ingress gateway",
        lambda: running.ingress.get("/").status == 200,
        START_SECONDS,
    )
    running.seconds_to_start = time.monotonic() - began


def process_environment(home: Path) -> dict[str, str]:
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("MESHWEB_", "PYTEST_"))}
    return {
        **ours,
        "MESHWEB_HOME": str(home),
        "MESHWEB_PORT_OFFSET": str(PORT_OFFSET),
        "MESHWEB_TRACE_SAMPLING": "10",
        "DJANGO_SETTINGS_MODULE": "mesh_web.settings",
    }


def is_up(url: str) -> bool:
    try:
        return exchange("GET", f"{url}/readyz").status == 200
    except OSError:
        return False


def every_pid() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def alive(family: Mapping[int, str]) -> set[int]:
    """Those of a family that still run."""
    return {pid for pid, began in family.items() if began and started_at(pid) == began}


def started_at(pid: int) -> str:
    """Clock ticks since boot, "" for a process that is gone or only waits to be reaped."""
    fields = _stat(pid)
    return "" if not fields or fields[0] == "Z" else fields[19]


def parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def children(pid: int) -> list[int]:
    return [child for child in every_pid() if parent(child) == pid]


def _is(name: str, words: list[str]) -> bool:
    if name == "broker":
        return any("valkey-server" in word for word in words[:1])
    return _follow(words, *MARKS[name])


def _follow(words: list[str], first: str, second: str) -> bool:
    return any(a.rpartition("/")[2] == first and b == second for a, b in pairwise(words))
