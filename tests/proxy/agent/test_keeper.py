"""The keeper with real processes: what it starts, what it tells, and what its end leaves behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[3]
SLEEPER = [sys.executable, "-S", "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable, "-S", "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]  # fmt: skip


class Line:
    """One connection to a keeper."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(5)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        self.events: list[dict[str, Any]] = []

    def ask(self, **request: Any) -> dict[str, Any]:
        self.file.write(json.dumps({"id": 7, **request}) + "\n")
        self.file.flush()
        while True:
            message: dict[str, Any] = json.loads(self.file.readline())
            if "event" not in message:
                return message
            self.events.append(message)

    def event(self) -> dict[str, Any]:
        if self.events:
            return self.events.pop(0)
        message: dict[str, Any] = json.loads(self.file.readline())
        return message

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Keeper:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "k.sock"
        self.process = self.start()
        self.lines: list[Line] = []

    def start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "proxy.agent.keeper", str(self.path)], cwd=PROJECT
        )
        until(self.listens)
        return process

    def listens(self) -> bool:
        if not self.path.exists():
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.path)) == 0

    def line(self) -> Line:
        line = Line(self.path)
        self.lines.append(line)
        return line

    def run(self, line: Line, name: str, argv: list[str]) -> int:
        """Start a process and wait until it is up (it has written its first line)."""
        log = self.folder / f"{name}.log"
        log.unlink(missing_ok=True)
        answer = line.ask(op="start", name=name, argv=argv, env={"A": "b"}, cwd="/", log=str(log))
        assert answer["ok"], answer
        until(lambda: log.read_text().startswith("up"))
        return int(answer["pid"])


def until(holds: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    made = Keeper(tmp_path)
    yield made
    for line in made.lines:
        line.close()
    made.process.terminate()
    made.process.wait(5)


def test_a_process_starts_with_its_own_environment_session_and_log(keeper: Keeper) -> None:
    line = keeper.line()
    pid = keeper.run(line, "a", SLEEPER)
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert sorted(environment) == [b"", b"A=b", f"MESHWEB_KEEPER={keeper.path}".encode()]
    assert os.getsid(pid) == pid
    shown = line.ask(op="list")["processes"]
    assert [(p["name"], p["pid"], p["running"], p["starts"]) for p in shown] == [
        ("a", pid, True, 1)
    ]
    assert oct(keeper.path.stat().st_mode & 0o777) == "0o600"


def test_an_end_is_told_to_every_connection_and_remembered(keeper: Keeper) -> None:
    line, other = keeper.line(), keeper.line()
    other.ask(op="list")
    os.kill(keeper.run(line, "a", SLEEPER), signal.SIGKILL)
    told = [line.event(), other.event()]
    assert [(e["event"], e["name"], e["status"]) for e in told] == [("exit", "a", -9)] * 2
    later = keeper.line().ask(op="list")["processes"]
    assert [(p["name"], p["running"], p["status"]) for p in later] == [("a", False, -9)]
    keeper.run(line, "a", SLEEPER)
    assert line.ask(op="list")["processes"][0]["starts"] == 2


def test_stop_asks_first_and_kills_after_the_grace(keeper: Keeper) -> None:
    line = keeper.line()
    keeper.run(line, "gentle", SLEEPER)
    keeper.run(line, "stubborn", STUBBORN)
    line.ask(op="stop", name="gentle", grace=5)
    line.ask(op="stop", name="stubborn", grace=0.3)
    ends = {e["name"]: e["status"] for e in (line.event(), line.event())}
    assert ends == {"gentle": -15, "stubborn": -9}
    assert line.ask(op="forget", name="gentle")["ok"]
    assert [p["name"] for p in line.ask(op="list")["processes"]] == ["stubborn"]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (
            {"op": "start", "name": "x", "argv": "ls -l", "log": "/dev/null"},
            "argv is a list of words",
        ),
        (
            {"op": "start", "name": "x", "argv": ["/no/such"], "env": {}, "log": "/dev/null"},
            "/no/such",
        ),
        ({"op": "dance"}, "unknown op 'dance'"),
        ({"op": "stop"}, "name is a text"),
    ],
)
def test_what_cannot_be_done_is_answered_and_harms_nothing(
    keeper: Keeper, request_: dict[str, Any], error: str
) -> None:
    line = keeper.line()
    answer = line.ask(**request_)
    assert (answer["ok"], error in answer["error"]) == (False, True)
    assert line.ask(op="list")["processes"] == []


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"id": 1, "op": ' + b"[" * 100_000,
        b'{"id": ' + b"[" * 900 + b"]" * 900 + b', "op": "list"}',
        b'{"id": 1, "op": "stop", "name": "a", "grace": [5]}',
        b'{"id": 1, "op": "stop", "name": "a", "grace": NaN}',
        b'{"id": 1, "op": "stop", "name": "a", "grace": 1' + b"0" * 400 + b"}",
        rb'{"id": 1, "op": "start", "name": "b", "argv": ["a\u0000"], "env": {}, "log": "/dev/null"}',
        rb'{"id": 1, "op": "start", "name": "b", "argv": ["a"], "env": {}, "log": "/\u0000"}',
        rb'{"id": 1, "op": "start", "name": "b", "argv": ["\ud800"], "env": {}, "log": "/dev/null"}',
        b"\xff\xfe",
        b"1e999",
    ],
)
def test_no_request_ends_the_keeper_or_what_it_keeps(keeper: Keeper, raw: bytes) -> None:
    line, bad = keeper.line(), keeper.line()
    pid = keeper.run(line, "a", SLEEPER)
    bad.socket.sendall(raw + b"\n")
    answer = json.loads(bad.file.readline())
    assert (answer["ok"], bool(answer.get("error") or "processes" in answer)) in [
        (False, True),
        (True, True),
    ]
    assert [(p["name"], p["pid"]) for p in line.ask(op="list")["processes"]] == [("a", pid)]
    assert alive(pid)


def test_a_grace_without_end_is_an_hour_and_may_not_stop_the_keeper(keeper: Keeper) -> None:
    line = keeper.line()
    keeper.run(line, "stubborn", STUBBORN)
    assert line.ask(op="stop", name="stubborn", grace=float("inf"))["ok"]
    assert line.ask(op="list")["processes"][0]["running"]


def test_more_connections_than_a_mesh_needs_are_closed(keeper: Keeper) -> None:
    line = keeper.line()
    assert line.ask(op="list")["ok"]
    with contextlib.ExitStack() as crowd:
        for _ in range(100):
            one = crowd.enter_context(socket.socket(socket.AF_UNIX))
            one.connect(str(keeper.path))
        one.settimeout(5)
        assert one.recv(1) == b""
    assert line.ask(op="list")["ok"]


def test_the_agents_end_leaves_everything_running(keeper: Keeper) -> None:
    line = keeper.line()
    pid = keeper.run(line, "a", SLEEPER)
    line.close()
    assert keeper.line().ask(op="list")["processes"][0]["running"]
    assert alive(pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_survives_the_keeper(keeper: Keeper, number: signal.Signals) -> None:
    line = keeper.line()
    pids = [keeper.run(line, "a", SLEEPER), keeper.run(line, "b", STUBBORN)]
    keeper.process.send_signal(number)
    keeper.process.wait(5)
    until(lambda: not any(alive(pid) for pid in pids))


def test_nothing_survives_the_keepers_parent(tmp_path: Path) -> None:
    path = tmp_path / "k.sock"
    parent = subprocess.Popen(
        [
            sys.executable, "-c",
            ("import subprocess, sys, time;"
            f"subprocess.Popen([sys.executable, '-m', 'proxy.agent.keeper', {str(path)!r}]);"
            "time.sleep(60)"),
        ],
        cwd=PROJECT,
    )  # fmt: skip
    until(path.exists)
    line = Line(path)
    log = str(tmp_path / "log")
    pid = line.ask(op="start", name="a", argv=SLEEPER, env={}, cwd="/", log=log)["pid"]
    parent.kill()
    parent.wait()
    until(lambda: not alive(pid))
    line.close()


def test_the_next_keeper_ends_what_escaped_the_last_one(keeper: Keeper) -> None:
    escaping = [
        sys.executable, "-S", "-c",
        ("import os, time\n"
        "if os.fork() == 0: os.setsid()\n"
        "print('up', os.getpid(), flush=True); time.sleep(60)"),
    ]  # fmt: skip
    keeper.run(keeper.line(), "a", escaping)
    log = keeper.folder / "a.log"
    until(lambda: log.read_text().count("up") == 2)
    pids = [int(line.split()[1]) for line in log.read_text().splitlines()]
    keeper.process.kill()
    keeper.process.wait()
    keeper.process = keeper.start()
    until(lambda: not any(alive(pid) for pid in pids))


def test_a_long_log_is_moved_aside(keeper: Keeper) -> None:
    chatty = [sys.executable, "-S", "-c", "print('up' + 'x' * 3_000_000, flush=True); input()"]
    line = keeper.line()
    log = keeper.folder / "a.log"
    line.ask(
        op="start", name="a", env={}, cwd="/", log=str(log),
        argv=[*chatty[:-1], "print('up' + 'x' * 3_000_000, flush=True)\nimport time; time.sleep(60)"],
    )  # fmt: skip
    until(lambda: log.with_name("a.log.1").exists() and log.stat().st_size == 0, seconds=8)
    assert log.with_name("a.log.1").stat().st_size == 2_000_000


def test_the_keeper_is_small(keeper: Keeper) -> None:
    status = Path(f"/proc/{keeper.process.pid}/status").read_text()
    resident = next(row.split()[1] for row in status.splitlines() if row.startswith("VmRSS"))
    assert int(resident) < 20_000
