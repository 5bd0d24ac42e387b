"""The keeper: owns application and Envoy processes, so that the agent may come and go.

`python -m proxy.agent.keeper SOCKET`. Standard library only, one thread. It obeys whoever connects to
its Unix socket (0600), in JSON lines, a request and its answer carrying the same `id`:

    {"id": 1, "op": "start", "name": "a", "argv": [...], "env": {...}, "cwd": "/", "log": "/path"}
    {"id": 2, "op": "stop", "name": "a", "grace": 5.0}      SIGTERM, SIGKILL after `grace` seconds
    {"id": 3, "op": "forget", "name": "a"}                  drop an ended process and its count
    {"id": 4, "op": "list"}
    -> {"id": 4, "ok": true, "processes": [{"name", "pid", "starts", "running", "status",
                                           "started_at", "ended_at"}]}
    -> {"id": 1, "ok": false, "error": "..."}
    -> {"event": "exit", ... one of `processes` ...}        to every connection, unasked

`status` is the exit code, or minus the signal; times are Unix seconds. What ended stays listed until it is started again or
forgotten, so that an agent that was away learns of it. When the keeper's parent ends, or it gets
SIGTERM, everything it owns ends; when it is killed the kernel kills what it owns (child.py), and
what escaped that way (a grandchild) goes when the next keeper starts.
"""

import contextlib
import json
import math
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy.agent import child

MARK = "MESHWEB_KEEPER"
"""In the environment of everything the keeper starts: the path of its socket."""

LOG_BYTES = 2_000_000
LOOK_SECONDS = 1.0
LOGS_EVERY_SECONDS = 5.0
LAST_GRACE_SECONDS = 2.0
LONGEST_GRACE_SECONDS = 3600.0
LINE_BYTES = 1 << 20
BACKLOG_BYTES = 1 << 20
MOST_CONNECTIONS = 64


@dataclass(slots=True)
class Kept:
    """One named process, running or ended."""

    name: str
    log: str
    pid: int = 0
    starts: int = 0
    running: bool = False
    status: int = 0
    started_at: float = 0.0
    ended_at: float = 0.0
    kill_at: float | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "pid": self.pid,
            "starts": self.starts,
            "running": self.running,
            "status": self.status,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
        }


@dataclass(slots=True)
class Connection:
    """One connected agent: what it has sent of a line, what it has not read yet."""

    socket: socket.socket
    incoming: bytes = b""
    outgoing: bytes = b""


class BadRequest(Exception):  # noqa: N818  an answer, not a failure of ours
    """What is wrong with a request, in words for its sender."""


class Keeper:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._parent = os.getppid()
        self._kept: dict[str, Kept] = {}
        self._connections: dict[int, Connection] = {}
        self._selector = selectors.DefaultSelector()
        self._ending = False
        self._logs_at = 0.0

    def run(self) -> None:
        """Serve until SIGTERM or the parent's end; then end everything."""
        self._sweep()
        waking, woken = socket.socketpair()
        for end in (waking, woken):
            end.setblocking(False)
        signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_end)
        child.die_with_parent(signal.SIGTERM)
        listener = self._listen()
        self._selector.register(waking, selectors.EVENT_READ, None)
        self._selector.register(listener, selectors.EVENT_READ, None)
        while not self._ending and os.getppid() == self._parent:
            for key, _ in self._selector.select(self._wait_seconds()):
                if key.fileobj is waking:
                    with contextlib.suppress(BlockingIOError):
                        waking.recv(4096)
                elif key.fileobj is listener:
                    self._accept(listener)
                else:
                    self._serve(self._connections.get(key.fd))
            self._tend()
        self._path.unlink(missing_ok=True)
        self._end_all()

    def _on_end(self, *_: object) -> None:
        self._ending = True

    def _sweep(self) -> None:
        """End what a killed keeper on this socket left behind."""
        for pid in child.marked(MARK, str(self._path)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _listen(self) -> socket.socket:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        old = os.umask(0o177)  # the socket is born 0600
        listener.bind(str(self._path))
        os.umask(old)
        listener.listen(8)
        listener.setblocking(False)
        return listener

    def _wait_seconds(self) -> float:
        """Until the next thing that no event announces."""
        deadlines = [k.kill_at for k in self._kept.values() if k.kill_at is not None]
        soonest = min(deadlines, default=time.monotonic() + LOOK_SECONDS)
        return max(min(soonest - time.monotonic(), LOOK_SECONDS), 0.0)

    def _tend(self) -> None:
        """Reap, kill what was given its grace, keep logs short."""
        for pid, status in _reaped():
            self._ended(pid, status)
        now = time.monotonic()
        for one in self._kept.values():
            if one.kill_at is not None and now >= one.kill_at:
                one.kill_at = None
                _signal_session(one.pid, signal.SIGKILL)
        if now >= self._logs_at:
            self._logs_at = now + LOGS_EVERY_SECONDS
            for log in {k.log for k in self._kept.values()}:
                _shorten(Path(log))

    def _ended(self, pid: int, status: int) -> None:
        for one in self._kept.values():
            if one.running and one.pid == pid:
                one.running, one.status, one.kill_at = False, status, None
                one.ended_at = time.time()
                _signal_session(pid, signal.SIGKILL)  # what it may have left of its own
                for connection in list(self._connections.values()):
                    self._send(connection, {"event": "exit", **one.shown()})

    def _accept(self, listener: socket.socket) -> None:
        try:
            connected, _ = listener.accept()
        except OSError:  # it has gone again, or there are too many files
            return
        if len(self._connections) >= MOST_CONNECTIONS:
            connected.close()
            return
        connected.setblocking(False)
        self._connections[connected.fileno()] = Connection(connected)
        self._selector.register(connected, selectors.EVENT_READ, None)

    def _serve(self, connection: Connection | None) -> None:
        if connection is None:  # dropped a moment ago
            return
        try:
            if connection.outgoing:
                self._flush(connection)
            received = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received or len(connection.incoming) > LINE_BYTES:
            self._drop(connection)
            return
        *lines, connection.incoming = (connection.incoming + received).split(b"\n")
        for line in lines:
            self._send(connection, self._answer(line))

    def _answer(self, line: bytes) -> dict[str, Any]:
        number: object = None
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                return {"id": None, "ok": False, "error": "not a JSON object"}
            given = request.get("id")
            number = given if isinstance(given, int | str) else None
            return {"id": number, "ok": True, **self._obey(request)}
        except Exception as error:  # whatever a request holds, the others' processes live on
            return {"id": number, "ok": False, "error": str(error) or type(error).__name__}

    def _obey(self, request: dict[str, Any]) -> dict[str, Any]:
        match request.get("op"):
            case "start":
                return self._start(request)
            case "stop":
                return self._stop(_text(request, "name"), _grace(request))
            case "forget":
                return self._forget(_text(request, "name"))
            case "list":
                return {"processes": [k.shown() for k in self._kept.values()]}
            case other:
                raise BadRequest(f"unknown op {other!r}")

    def _start(self, request: dict[str, Any]) -> dict[str, Any]:
        name, log, argv = _text(request, "name"), _text(request, "log"), request.get("argv")
        if not isinstance(argv, list) or not argv or not all(isinstance(a, str) for a in argv):
            raise BadRequest("argv is a list of words")
        env = request.get("env")
        if not isinstance(env, dict):
            raise BadRequest("env is a mapping")
        one = self._kept.get(name) or Kept(name=name, log=log)
        if one.running:
            raise BadRequest(f"{name} is running")
        Path(log).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        marked = {**{str(k): str(v) for k, v in env.items()}, MARK: str(self._path)}
        one.pid = child.start(argv, marked, str(request.get("cwd") or "/"), log)
        one.log, one.running, one.starts = log, True, one.starts + 1
        one.started_at = time.time()
        self._kept[name] = one
        return {"pid": one.pid, "starts": one.starts}

    def _stop(self, name: str, grace: float) -> dict[str, Any]:
        one = self._kept.get(name)
        if one is not None and one.running and one.kill_at is None:
            one.kill_at = time.monotonic() + grace
            _signal_session(one.pid, signal.SIGTERM)
        return {}

    def _forget(self, name: str) -> dict[str, Any]:
        one = self._kept.get(name)
        if one is not None and one.running:
            raise BadRequest(f"{name} is running")
        self._kept.pop(name, None)
        return {}

    def _send(self, connection: Connection, message: dict[str, Any]) -> None:
        connection.outgoing += json.dumps(message).encode() + b"\n"
        self._flush(connection)

    def _flush(self, connection: Connection) -> None:
        """Send what fits; one that does not read is dropped once too much waits for it."""
        try:
            sent = connection.socket.send(connection.outgoing)
            connection.outgoing = connection.outgoing[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)
            return
        if len(connection.outgoing) > BACKLOG_BYTES:
            self._drop(connection)
        elif connection.socket.fileno() in self._connections:
            waiting = selectors.EVENT_WRITE if connection.outgoing else 0
            self._selector.modify(connection.socket, selectors.EVENT_READ | waiting, None)

    def _drop(self, connection: Connection) -> None:
        if self._connections.pop(connection.socket.fileno(), None) is None:
            return
        self._selector.unregister(connection.socket)
        connection.socket.close()

    def _end_all(self) -> None:
        """SIGTERM to all at once, SIGKILL to what is left when the grace is over."""
        for one in self._kept.values():
            if one.running:
                _signal_session(one.pid, signal.SIGTERM)
        deadline = time.monotonic() + LAST_GRACE_SECONDS
        while any(k.running for k in self._kept.values()) and time.monotonic() < deadline:
            for pid, status in _reaped():
                self._ended(pid, status)
            time.sleep(0.02)
        for one in self._kept.values():
            if one.running:
                _signal_session(one.pid, signal.SIGKILL)


def _grace(request: dict[str, Any]) -> float:
    """Seconds, 0 to an hour."""
    value = request.get("grace", 5.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise BadRequest("grace is a number of seconds")
    return float(min(max(value, 0.0), LONGEST_GRACE_SECONDS))


def _text(request: dict[str, Any], key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{key} is a text")
    return value


def _signal_session(pid: int, number: int) -> None:
    """A process started here leads its own group, so this reaches what it started too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _reaped() -> Iterator[tuple[int, int]]:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def _shorten(log: Path) -> None:
    """Move a log that has grown too long to `<log>.1`; its writer appends, so it goes on at 0."""
    try:
        if log.stat().st_size > LOG_BYTES:
            log.with_name(f"{log.name}.1").write_bytes(log.read_bytes()[-LOG_BYTES:])
            os.truncate(log, 0)
    except OSError:  # a full disk must not end the mesh
        return


if __name__ == "__main__":
    Keeper(Path(sys.argv[1])).run()
