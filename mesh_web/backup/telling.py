"""Progress as lines: rewritten in place on a terminal, now and then elsewhere."""

import sys
import time
from typing import TextIO

EVERY_SECONDS = 2.0
ON_A_TERMINAL_SECONDS = 0.1


class Teller:
    """Says what is under way and how far it is."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._pause = ON_A_TERMINAL_SECONDS if self._terminal else EVERY_SECONDS
        self._what = ""
        self._next = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what == self._what and now < self._next:
            return
        if self._terminal and what != self._what and self._what:
            self._stream.write("\n")
        self._what, self._next = what, now + self._pause
        self._stream.write(f"\r\033[K{_said(what, done, total)}" if self._terminal else "")
        self._stream.write("" if self._terminal else f"{_said(what, done, total)}\n")
        self._stream.flush()

    def end(self) -> None:
        if self._terminal and self._what:
            self._stream.write("\n")


def _said(what: str, done: int, total: int) -> str:
    if "rows" in what:
        return f"{what}: {done}" + (f" of {total}" if total else "")
    share = f" ({100 * done // total} %)" if total else ""
    return f"{what}: {done / 1e6:.1f} of {total / 1e6:.1f} MB{share}"
