"""Reads what an Envoy logs of ejections, as it is written.

The log belongs to one run of one Envoy and is read from its start, so that an agent that has
restarted knows what its predecessor knew.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

LARGEST_BYTES = 1_000_000
KEPT_TURNS = 12
KEPT_ENDPOINTS = 500

Turn = tuple[float, bool]
"""When (Unix seconds), and whether it was an ejection; else the endpoint was taken back."""


@dataclass(slots=True)
class OutlierLog:
    """`turns` are the latest of each (cluster, endpoint), oldest first."""

    path: Path
    turns: dict[tuple[str, str], list[Turn]] = field(default_factory=dict)
    _read: int = 0
    _file: int = 0

    def follow(self) -> bool:
        """Take in what is new; whether there was any."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        if now.st_ino != self._file or now.st_size < self._read:  # another run
            self._file, self._read = now.st_ino, 0
            self.turns.clear()
        if now.st_size == self._read:
            return False
        before = self._read
        for cluster, endpoint, turn in self._events(now.st_size):
            known = self.turns.setdefault((cluster, endpoint), [])
            known.append(turn)
            del known[:-KEPT_TURNS]
        while len(self.turns) > KEPT_ENDPOINTS:
            del self.turns[min(self.turns, key=lambda key: self.turns[key][-1])]
        if self._read > LARGEST_BYTES:
            self._begin_anew()
        return self._read != before

    def _begin_anew(self) -> None:
        """Envoy appends, so its next line is the first then."""
        with contextlib.suppress(OSError):
            os.truncate(self.path, 0)
            self._read = 0

    def _events(self, size: int) -> Iterator[tuple[str, str, Turn]]:
        with self.path.open("rb") as file:
            file.seek(self._read)
            text = file.read(min(size - self._read, LARGEST_BYTES))
        whole, newline, _ = text.rpartition(b"\n")  # the last line may be half written
        self._read += len(whole) + len(newline)
        for line in whole.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                event = json.loads(line)
                at = datetime.fromisoformat(event["timestamp"]).timestamp()
                action = event["action"]
                if action == "UNEJECT" or (action == "EJECT" and event["enforced"]):
                    yield event["cluster_name"], event["upstream_url"], (at, action == "EJECT")


def told(logs: Iterator[tuple[str, OutlierLog]]) -> list[dict[str, object]]:
    """For control: by pod uid, each endpoint with a history."""
    return [
        {"uid": uid, "cluster": cluster, "endpoint": endpoint, "turns": turns}
        for uid, one in logs
        for (cluster, endpoint), turns in one.turns.items()
    ]
