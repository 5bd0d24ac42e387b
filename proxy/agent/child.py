"""Starting one process so that it cannot outlive its parent. Standard library only."""

import ctypes
import errno
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: int) -> None:
    """Ask the kernel to send this process a signal when its parent ends (Linux)."""
    _LIBC.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def start(argv: Sequence[str], env: Mapping[str, str], cwd: str, log: str) -> int:
    """Start a program in a session of its own, writing to `log`; its pid.

    It is killed when this process ends, however that happens. Raises OSError if it cannot be
    executed. Call it from the main thread: the kernel watches the thread that forks.
    """
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    reading, writing = os.pipe2(os.O_CLOEXEC)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(argv, env, cwd, output, writing, parent)
    os.close(writing)
    os.close(output)
    failed = os.read(reading, 16)
    os.close(reading)
    if failed:
        os.waitpid(pid, 0)
        number = int(failed)
        raise OSError(number, os.strerror(number), argv[0])
    return pid


def _become(
    argv: Sequence[str], env: Mapping[str, str], cwd: str, output: int, writing: int, parent: int
) -> None:
    """The child's side: never returns. An error number goes through the pipe `writing`."""
    try:
        die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(cwd)
        os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606  no shell is the point
    except OSError as error:
        os.write(writing, str(error.errno or 1).encode())
    except ValueError:  # a word or a variable that no program can be given
        os.write(writing, str(errno.EINVAL).encode())
    finally:
        os._exit(127)


def marked(variable: str, value: str) -> list[int]:
    """Processes of this user, other than this one, that carry a variable in their environment."""
    mark = f"{variable}={value}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:  # gone, or another user's
            continue
        if mark in environment.split(b"\0"):
            found.append(int(entry.name))
    return found
