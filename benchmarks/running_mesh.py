"""A whole Meshweb with its sample shop, started for a benchmark and ended after it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PORT_OFFSET = 3300
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The user's proxy is not for loopback."""

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningMesh:
    """`pid` is the supervisor's; `seconds` how long it took from start to the login link."""

    home: Path
    url: str
    token: str
    pid: int
    seconds: float

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One REST call; a refusal raises with the answer in its text."""
        request = urllib.request.Request(  # noqa: S310  our own loopback address
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with DIRECT.open(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error


@contextlib.contextmanager
def running_mesh(*, command: str = "demo", rate: float = 2.0) -> Iterator[RunningMesh]:
    """Start, wait for the link (at most two minutes), yield, end with everything it started."""
    with tempfile.TemporaryDirectory(prefix="meshweb-bench-") as directory:
        home = Path(directory)
        environment = {
            **os.environ,
            "MESHWEB_HOME": directory,
            "MESHWEB_PORT_OFFSET": str(PORT_OFFSET),
        }
        output = (home / "output.txt").open("w")
        words = [command, *(["--rate", str(rate)] if command == "demo" else [])]
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *words],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _await_link(process, home / "output.txt")
            yield RunningMesh(
                home=home,
                url=f"http://127.0.0.1:{8000 + PORT_OFFSET}/api/v1",
                token=(home / "admin-token").read_text().strip(),
                pid=process.pid,
                seconds=time.monotonic() - began,
            )
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
            output.close()


def _await_link(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 120
    while "Meshweb is running" not in output.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Meshweb did not come up:\n{output.read_text()[-3000:]}")
        time.sleep(0.1)
