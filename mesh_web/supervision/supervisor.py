"""Starts the process table in order, restarts what crashes, and leaves nothing behind.

Each child is in a session of its own and dies with this process (PDEATHSIG), however this
process ends. Its lines go to a file of its own, and to the terminal, with its name and colour,
where that is wished; its last lines are shown when it ends unasked.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mesh_web.processes import Process
from mesh_web.supervision.log_file import LogFile
from mesh_web.supervision.readiness import until_ready

PR_SET_PDEATHSIG = 1
FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 5.0
STEADY_SECONDS = 10.0
STOP_SECONDS = 5.0
LAST_LINES = 5
COLOURS = (36, 35, 34, 33, 32, 96, 95, 94, 93, 92)

Inherit = Callable[[], int]
"""Makes a file descriptor for a child to inherit; called at each start."""


@dataclass(slots=True)
class Child:
    """One process of the table and its current life."""

    process: Process
    running: asyncio.subprocess.Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    starts: int = 0
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))


class Supervisor:
    """`run()` returns once `stop()` was called and every child is gone.

    `inherit` gives a child a descriptor through the environment variable it names:
    {"agent": ("MESHWEB_JOIN_TOKEN_FD", make_descriptor)}. Each child's lines are appended to
    `logs`/<name>.log, of which one predecessor is kept.
    """

    def __init__(
        self,
        table: Iterable[Process],
        environment: Mapping[str, str],
        *,
        inherit: Mapping[str, tuple[str, Inherit]] | None = None,
        report: Callable[[str], None] = print,
        show_logs: bool = True,
        logs: Path | None = None,
    ) -> None:
        self.children = {process.name: Child(process) for process in table}
        self._environment = dict(environment)
        self._inherit = dict(inherit or {})
        self._report = report
        self._show_logs = show_logs
        self._logs = logs
        self._stopping = asyncio.Event()
        self._own_pid = os.getpid()
        self._libc = ctypes.CDLL(None, use_errno=True)

    def stop(self) -> None:
        """Ask for the end; safe in a signal handler."""
        self._stopping.set()

    async def run(self) -> None:
        keepers = [asyncio.create_task(self._keep(child)) for child in self.children.values()]
        await self._stopping.wait()
        for child in reversed(self.children.values()):
            self._signal(child, signal.SIGTERM)
        _, late = await asyncio.wait(keepers, timeout=STOP_SECONDS)
        if late:
            for child in self.children.values():
                self._kill_session(child)
            await asyncio.wait(late, timeout=STOP_SECONDS)

    async def _keep(self, child: Child) -> None:
        """Start, wait, restart with a growing pause, until stopping."""
        for name in child.process.after:
            await self._or_stop(self.children[name].ready.wait())
        pause = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._live(child)
            if self._stopping.is_set():
                return
            if time.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_BACKOFF_SECONDS
            self._tell_end(child, code, pause)
            await self._or_stop(asyncio.sleep(pause))
            pause = min(pause * 2, LONGEST_BACKOFF_SECONDS)

    def _tell_end(self, child: Child, code: int, pause: float) -> None:
        self._report(
            f"{child.process.name} ended ({_how(code)}); starting it again in {pause:.1f} s"
        )
        if not self._show_logs:
            for line in child.last_lines:
                self._report(f"    {child.process.name} said: {line}")

    async def _live(self, child: Child) -> int:
        """One life of a child, from start to the last of its descendants."""
        child.starts += 1
        environment = dict(self._environment)
        descriptors: tuple[int, ...] = ()
        if child.process.name in self._inherit:
            variable, make = self._inherit[child.process.name]
            descriptors = (await asyncio.to_thread(make),)
            environment[variable] = str(descriptors[0])
        try:
            running = await asyncio.create_subprocess_exec(
                *child.process.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                pass_fds=descriptors,
                preexec_fn=self._in_child,
                limit=1 << 20,
            )
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        child.running = running
        forwarding = asyncio.create_task(self._forward(child))
        probing = asyncio.create_task(self._probe(child))
        code = await running.wait()
        probing.cancel()
        self._kill_session(child)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(forwarding, 1)
        return code

    async def _probe(self, child: Child) -> None:
        await until_ready(child.process.ready)
        child.ready.set()

    async def _forward(self, child: Child) -> None:
        assert child.running is not None  # noqa: S101  started just before
        assert child.running.stdout is not None  # noqa: S101
        child.last_lines.clear()
        colour = COLOURS[list(self.children).index(child.process.name) % len(COLOURS)]
        prefix = f"{child.process.name:>10} | "
        if sys.stdout.isatty():
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        with LogFile(self._logs / f"{child.process.name}.log" if self._logs else None) as log:
            while True:
                try:
                    line = await child.running.stdout.readline()
                except ValueError:  # a line over the limit: what was read of it is dropped
                    continue
                if not line:
                    return
                text = line.decode(errors="replace")
                child.last_lines.append(text.rstrip())
                log.write(text)
                if self._show_logs:
                    sys.stdout.write(prefix + text)
                    sys.stdout.flush()

    def _in_child(self) -> None:
        """Between fork and exec: own session, and die with the supervisor."""
        os.setsid()
        self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._own_pid:
            os._exit(1)

    def _signal(self, child: Child, number: signal.Signals) -> None:
        if child.running is not None and child.running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.running.send_signal(number)

    def _kill_session(self, child: Child) -> None:
        if child.running is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.running.pid, signal.SIGKILL)

    async def _or_stop(self, waiting: Coroutine[object, object, object]) -> None:
        """Wait for something, or for the end, whichever comes first."""
        task = asyncio.create_task(waiting)
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        stopping.cancel()


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
