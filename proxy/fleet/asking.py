"""The installed Envoy, asked whether it would take a configuration. Blocks; for a thread.

The configuration goes through a pipe that only we can open: it may hold a private key, which must
not stand in a file.
"""

import contextlib
import errno
import json
import logging
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy.xds import descriptors

log = logging.getLogger(__name__)

Json = dict[str, Any]

NEXT_SECONDS = 0.05
"""How long after an answer the next Envoy starts: what was asked for is being pushed meanwhile."""

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
        return _Asked().answer(bootstrap)
    except OSError as error:
        return Silent(f"Envoy could not be asked: {error}")


class Standby:
    """Asks an Envoy that has started and waits: starting takes it most of the time.

    The next one is started a moment after an answer. One thread asks at a time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: _Asked | None = None
        self._timer: threading.Timer | None = None
        self._closed = False

    def __call__(self, bootstrap: Json) -> Answer:
        waiting = self._take()
        answer = waiting.answer(bootstrap) if waiting is not None else ask_envoy(bootstrap)
        if waiting is not None and isinstance(answer, Silent):
            # it may have been killed while it waited
            answer = ask_envoy(bootstrap)
        self._prepare_later()
        return answer

    def prepare(self) -> None:
        """Start the one that waits; without it answers take longer."""
        with self._lock:
            if self._closed or (self._next is not None and self._next.waits):
                return
            try:
                self._next = _Asked()
            except OSError as error:
                log.debug("no Envoy to wait: %s", error)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        waiting = self._take()
        if waiting is not None:
            waiting.close()

    def _take(self) -> "_Asked | None":
        with self._lock:
            found, self._next = self._next, None
        if found is None or found.waits:
            return found
        found.close()
        return None

    def _prepare_later(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if not self._closed:
                self._timer = threading.Timer(NEXT_SECONDS, self.prepare)
                self._timer.daemon = True
                self._timer.start()


class _Asked:
    """One Envoy that reads its configuration from a pipe, which has an end. It ends when we do."""

    def __init__(self) -> None:
        """Starts it. Raises OSError when that cannot be done."""
        with tempfile.TemporaryDirectory(prefix="mw") as folder:
            path = Path(folder) / "trial.json"  # Envoy tells formats by the name
            os.mkfifo(path, 0o600)
            self._process = subprocess.Popen(
                [
                    *(descriptors.installed_binary(), "--mode", "validate", "-c", str(path)),
                    *("-l", "critical", "--concurrency", "1", "--disable-hot-restart"),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            try:
                self._pipe = _opened(path, self._process)
            except OSError:
                self._end()
                raise

    @property
    def waits(self) -> bool:
        return self._process.poll() is None

    def answer(self, bootstrap: Json) -> Answer:
        """Once."""
        writer = threading.Thread(target=self._write, args=(json.dumps(bootstrap).encode(),))
        writer.start()
        try:
            _, said = self._process.communicate(timeout=ASK_SECONDS)
        except subprocess.TimeoutExpired:
            self._end()
            return Silent(f"Envoy gave no answer within {ASK_SECONDS:.0f} s")
        finally:
            writer.join()
        code = self._process.returncode
        if code == 0:
            return Taken()
        if code in _OURS_TO_KILL:
            return Silent("Envoy was killed before it answered")
        return Declined(words_of(said.decode(errors="replace"), code))

    def close(self) -> None:
        """Without having asked."""
        os.close(self._pipe)
        self._end()

    def _write(self, content: bytes) -> None:
        # whoever reads may end before it has all
        with contextlib.suppress(BrokenPipeError), os.fdopen(self._pipe, "wb") as pipe:
            pipe.write(content)

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()


def _opened(path: Path, process: "subprocess.Popen[bytes]") -> int:
    """The pipe, once somebody is there to read from it."""
    until = time.monotonic() + ASK_SECONDS
    while True:
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if process.poll() is not None or time.monotonic() > until:
                raise ChildProcessError("Envoy did not start") from error
            time.sleep(0.001)
        else:
            os.set_blocking(pipe, True)
            return pipe


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
