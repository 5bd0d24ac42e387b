"""A disk of few megabytes, and what fills it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SmallDisk:
    path: Path

    @property
    def free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self, *, but: int = 0) -> None:
        """Leave so many bytes, and hold the rest until `empty`."""
        with (self.path / "filler").open("ab") as filler:
            while (missing := self.free - but) > 0:
                try:
                    filler.write(bytes(min(missing, 1 << 20)))
                    filler.flush()
                except OSError:
                    return

    def empty(self) -> None:
        (self.path / "filler").unlink(missing_ok=True)


@contextmanager
def mounted(path: Path, mebibytes: int) -> Iterator[SmallDisk]:
    path.mkdir(exist_ok=True)
    words = ("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=700", "none", str(path))
    subprocess.run(words, check=True)
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(("umount", "--lazy", str(path)), check=True)
