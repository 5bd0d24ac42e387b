"""Homes of their own, and the commands that run in them."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from telemetry.store.client import Store
from tests.telemetry.stack import ROOT, Stack, free_port


@dataclass
class Home:
    """`stack` runs its store. `more` are settings besides those that every home has."""

    path: Path
    more: dict[str, str] = field(default_factory=dict)
    offset: int = field(default_factory=lambda: free_port() % 10_000)
    _store: Store | None = None

    def __post_init__(self) -> None:
        self.path.mkdir(exist_ok=True)
        self.stack = Stack(self.path, store_port=8123 + self.offset)

    def environment(self) -> dict[str, str]:
        ours = {k: v for k, v in os.environ.items() if not k.startswith("MESHWEB_")}
        return {
            **ours,
            "MESHWEB_HOME": str(self.path),
            "MESHWEB_PORT_OFFSET": str(self.offset),
            "DJANGO_SETTINGS_MODULE": "mesh_web.settings",
            **self.more,
        }

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def done(self, *words: str) -> str:
        """What a command that must succeed says."""
        ran = self.run(*words)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def refused(self, *words: str) -> str:
        """The sentence of a command that must not succeed."""
        ran = self.run(*words)
        assert (ran.returncode, "Traceback" in ran.stderr) == (1, False), ran.stdout + ran.stderr
        return " ".join(ran.stderr.strip().splitlines()[-1].split())

    def rows(self) -> list[str]:
        """Every row of the configuration database, as a backup writes it."""
        code = (
            "from mesh_web.backup import rows, archive\n"
            "import sys\n"
            "with rows.snapshot() as a:\n"
            "    for line in rows.dump(a, rows.applied(a), lambda n: None):\n"
            "        sys.stdout.write(line.decode())\n"
        )
        return self.done("shell", "--no-imports", "-v", "0", "-c", code).splitlines()

    def store(self) -> Store:
        """Its store, which serves from now on."""
        if self._store is None:
            self._store = self.stack.start_store()
        return self._store

    def stop(self) -> None:
        if self._store is not None:
            self._store.close()
        self.stack.stop()
        shutil.rmtree(self.path, ignore_errors=True)
