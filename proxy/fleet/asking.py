"""The installed Envoy, asked whether it would take a configuration. Blocks; for a thread.

The configuration goes through a pipe that only we can open: it may hold a private key, which must
not stand in a file.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy.xds import descriptors

Json = dict[str, Any]

ASK_SECONDS = 5.0
"""How long one answer may take; 1,000 services take a second."""

_OURS_TO_KILL = frozenset({-signal.SIGKILL, -signal.SIGTERM})
"""Ends that somebody else brought about: they say nothing of the configuration."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Envoy takes it."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Envoy does not, and why, in its own words."""

    words: str


@dataclass(frozen=True, slots=True)
class Silent:
    """Envoy could not be asked, or did not answer in time."""

    reason: str


Answer = Taken | Declined | Silent
Ask = Callable[[Json], Answer]
"""Asks about a whole bootstrap."""


def ask_envoy(bootstrap: Json) -> Answer:
    """What the installed binary says in its validation mode."""
    try:
        with _piped(json.dumps(bootstrap).encode()) as path:
            asked = subprocess.run(
                [
                    *(descriptors.installed_binary(), "--mode", "validate", "-c", path),
                    *("-l", "critical", "--concurrency", "1", "--disable-hot-restart"),
                ],
                capture_output=True,
                timeout=ASK_SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return Silent(f"Envoy gave no answer within {ASK_SECONDS:.0f} s")
    except OSError as error:
        return Silent(f"Envoy could not be asked: {error}")
    if asked.returncode == 0:
        return Taken()
    if asked.returncode in _OURS_TO_KILL:
        return Silent("Envoy was killed before it answered")
    return Declined(words_of(asked.stderr.decode(errors="replace"), asked.returncode))


@contextmanager
def _piped(content: bytes) -> Iterator[str]:
    """A path that can be read once, and has an end: Envoy tells formats by it."""
    with tempfile.TemporaryDirectory(prefix="mw") as folder:
        path = Path(folder) / "trial.json"
        os.mkfifo(path, 0o600)

        def write() -> None:
            # whoever reads may end before it has all
            with contextlib.suppress(BrokenPipeError), path.open("wb") as pipe:
                pipe.write(content)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            yield str(path)
        finally:
            _let_go(writer, path)


def _let_go(writer: threading.Thread, path: Path) -> None:
    """End a writer that nobody has listened to: it waits for a reader, or for room in the pipe."""
    while writer.is_alive():
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        writer.join(0.01)
        time.sleep(0)


_PREFIX = re.compile(r"^.*?error initializing configuration '[^']*': ", re.DOTALL)
_WHOLE_MESSAGE = re.compile(
    r"goo\.gle/debug\w+\s.*?(?=Proto constraint validation failed)|goo\.gle/debug\w+\s+", re.DOTALL
)
_MOST_WORDS = 2_000


def words_of(said: str, code: int) -> str:
    """Envoy's sentence without its log's decoration; a crash has none."""
    words = tidied(_PREFIX.sub("", said))
    if not words or not _PREFIX.match(said):
        words = f"Envoy ended with {code} on it{': ' + words if words else ''}"
    return words


def tidied(words: str) -> str:
    """Envoy's words without the whole message that it repeats before them."""
    return _WHOLE_MESSAGE.sub("", words).strip()[:_MOST_WORDS]
