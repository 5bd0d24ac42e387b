"""A Meshweb without a mesh: broker, store, collector and web, asked as a Prometheus."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telemetry.store.client import Store, StoreAddress
from tests.telemetry.stack import ROOT, eventually, listens

Words = Mapping[str, object] | Sequence[tuple[str, object]]


@dataclass(frozen=True)
class Served:
    home: Path
    offset: int
    environment: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{8000 + self.offset}"

    @property
    def url(self) -> str:
        return f"http://{self.address}/prometheus"

    @property
    def token(self) -> str:
        return (self.home / "admin-token").read_text().strip()

    def store(self) -> Store:
        return Store(StoreAddress.embedded(self.home, 8123 + self.offset))

    def get(self, path: str, words: Words = (), token: str | None = None) -> tuple[int, Any]:
        return self.ask(f"{path}?{urllib.parse.urlencode(words)}", token=token)

    def post(self, path: str, words: Words = ()) -> tuple[int, Any]:
        body = urllib.parse.urlencode(words).encode()
        return self.ask(path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        method: str | None = None,
    ) -> tuple[int, Any]:
        """Status and JSON; text where it is no JSON."""
        status, raw = self.raw(path, body, headers, token, method)
        try:
            return status, json.loads(raw)
        except ValueError:
            return status, raw.decode(errors="replace")

    def raw(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        method: str | None = None,
    ) -> tuple[int, bytes]:
        given = self.token if token is None else token
        known = {"Authorization": f"Bearer {given}"} if given else {}
        url = f"http://{self.address}{path}"
        request = urllib.request.Request(url, body, {**known, **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  loopback
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def run(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=dict(self.environment),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


@contextmanager
def served() -> Iterator[Served]:
    offset = random.randrange(4000, 9000)
    with tempfile.TemporaryDirectory(prefix="mw-") as name:
        home = Path(name)
        (home / "run").mkdir(mode=0o700)  # the supervisor makes it
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("MESHWEB_")},
            "MESHWEB_HOME": str(home),
            "MESHWEB_PORT_OFFSET": str(offset),
            "MESHWEB_SCRAPE_OWN": "",
            "MESHWEB_OWN_TELEMETRY": "off",
            "DJANGO_SETTINGS_MODULE": "mesh_web.settings",
        }
        made = Served(home, offset, environment)
        made.run("prepare")
        words: dict[str, tuple[str, ...]] = {
            "broker": ("-m", "mesh_web.broker", f"{home}/run/broker.sock", f"{home}/broker"),
            "store": ("-m", "telemetry.store.server", str(home), "--port", str(8123 + offset)),
            "collector": ("-m", "telemetry.collector"),
            "web": ("manage.py", "web"),
        }
        processes = []
        try:
            for process, some in words.items():
                with (home / f"{process}.log").open("wb") as log:
                    processes.append(
                        subprocess.Popen(
                            [sys.executable, *some],
                            cwd=ROOT,
                            env=environment,
                            stdout=log,
                            stderr=log,
                        )
                    )
            for port in (4318, 8000):
                eventually(lambda port=port: listens(port + offset), 120)  # type: ignore[misc]
            yield made
        finally:
            for one in processes:
                one.kill()
                one.wait()


def milliseconds() -> int:
    return round(time.time() * 1000)
