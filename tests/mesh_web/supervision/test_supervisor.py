"""The supervisor with real processes."""

import asyncio
import contextlib
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mesh_web.processes import Process
from mesh_web.supervision.supervisor import Supervisor


def sleeper(name: str, *, after: tuple[str, ...] = (), ready: str = "") -> Process:
    return Process(
        name=name,
        argv=(sys.executable, "-c", "import time; time.sleep(60)"),
        after=after,
        ready=ready,
    )


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(*table: Process) -> AsyncIterator[tuple[Supervisor, list[str]]]:
    said: list[str] = []
    supervisor = Supervisor(table, os.environ, report=said.append, show_logs=False)
    task = asyncio.create_task(supervisor.run())
    try:
        yield supervisor, said
    finally:
        supervisor.stop()
        await asyncio.wait_for(task, 15)


async def all_ready(supervisor: Supervisor) -> None:
    for child in supervisor.children.values():
        await child.ready.wait()


def pid(supervisor: Supervisor, name: str) -> int:
    child = supervisor.children[name].running
    assert child is not None
    return child.pid


async def test_a_killed_process_is_started_again_and_said() -> None:
    async with running(sleeper("one")) as (supervisor, said):
        await all_ready(supervisor)
        first = pid(supervisor, "one")
        os.kill(first, signal.SIGKILL)
        await until(
            lambda: supervisor.children["one"].starts == 2 and pid(supervisor, "one") != first
        )
        assert said == ["one ended (killed by SIGKILL); starting it again in 0.2 s"]


async def test_what_a_process_said_is_kept_and_shown_when_it_ends(tmp_path: Path) -> None:
    speaker = Process(name="one", argv=(sys.executable, "-c", "print('alas'); raise SystemExit(3)"))
    said: list[str] = []
    supervisor = Supervisor(
        [speaker], os.environ, report=said.append, show_logs=False, logs=tmp_path / "logs"
    )
    task = asyncio.create_task(supervisor.run())
    await until(lambda: len(said) >= 2)
    supervisor.stop()
    await asyncio.wait_for(task, 15)
    assert said[:2] == [
        "one ended (exit code 3); starting it again in 0.2 s",
        "    one said: alas",
    ]
    assert (tmp_path / "logs" / "one.log").read_text().startswith("alas\n")


async def test_a_process_waits_for_those_it_needs(tmp_path: Path) -> None:
    socket_path = tmp_path / "s.sock"
    listener = Process(
        name="first",
        argv=(
            sys.executable,
            "-c",
            (
                "import socket, sys, time; time.sleep(.3); s = socket.socket(socket.AF_UNIX);"
                f"s.bind({str(socket_path)!r}); s.listen(); time.sleep(60)"
            ),
        ),
        ready=f"unix:{socket_path}",
    )
    async with running(listener, sleeper("second", after=("first",))) as (supervisor, _):
        await asyncio.sleep(0.1)
        assert supervisor.children["second"].starts == 0
        await all_ready(supervisor)
        assert supervisor.children["second"].starts == 1


async def test_the_end_leaves_no_process_not_even_a_grandchild(tmp_path: Path) -> None:
    record = tmp_path / "grandchild"
    parent = Process(
        name="parent",
        argv=(
            sys.executable,
            "-c",
            (
                "import subprocess, sys, time, pathlib, signal; signal.signal(15, signal.SIG_IGN);"
                "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
                f"pathlib.Path({str(record)!r}).write_text(str(p.pid)); time.sleep(60)"
            ),
        ),
    )
    async with running(parent) as (supervisor, _):
        await until(lambda: record.exists() and record.read_text() != "")
        family = [pid(supervisor, "parent"), int(record.read_text())]
    await until(lambda: not any(alive(member) for member in family))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_however_the_supervisor_dies_its_children_die_too(
    number: signal.Signals, tmp_path: Path
) -> None:
    program = textwrap.dedent(
        f"""
        import asyncio, os, pathlib, signal, sys
        from mesh_web.processes import Process
        from mesh_web.supervision.supervisor import Supervisor
        async def main():
            s = Supervisor([Process(name="c", argv=(sys.executable, "-c", "import time; time.sleep(60)"))], os.environ)
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, s.stop)
            t = asyncio.create_task(s.run()); await s.children["c"].ready.wait()
            pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(s.children["c"].running.pid)); await t
        asyncio.run(main())
        """
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    await until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    child = int((tmp_path / "pid").read_text())
    assert alive(child)
    process.send_signal(number)
    await process.wait()
    await until(lambda: not alive(child))
