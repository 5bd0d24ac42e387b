"""Ends reads whose client has gone, so that nobody's abandoned question costs the others."""

import secrets
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_SECONDS = 0.2


class Departures:
    """Looks at the connections of running reads; `end` is given the tag of one nobody waits for."""

    def __init__(self, end: Callable[[str], None]) -> None:
        self._end = end
        self._running: dict[str, socket.socket] = {}
        self._some = threading.Event()
        threading.Thread(target=self._look, name="departures", daemon=True).start()

    @contextmanager
    def watch(self, connection: socket.socket) -> Iterator[str]:
        """Within it the connection is looked at; gives the tag to run under."""
        tag = secrets.token_hex(8)
        self._running[tag] = connection
        self._some.set()
        try:
            yield tag
        finally:
            self._running.pop(tag, None)

    def _look(self) -> None:
        pause = threading.Event()
        while True:
            self._some.wait()
            pause.wait(LOOK_SECONDS)
            running = list(self._running.items())
            if not running:
                self._some.clear()
                if self._running:  # came in between
                    self._some.set()
            for tag, connection in running:
                if has_left(connection):
                    self._running.pop(tag, None)
                    self._try_to_end(tag)

    def _try_to_end(self, tag: str) -> None:
        try:
            self._end(tag)
        except Exception as error:  # the next one must still be looked at
            print(f"store: a read whose client left goes on: {error}", flush=True)


def has_left(connection: socket.socket) -> bool:
    """Whether the other side has closed it. Reads nothing."""
    readable = select.poll()
    try:
        readable.register(connection, select.POLLIN)
        return bool(readable.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True
