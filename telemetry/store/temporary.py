"""The embedded store, started for one piece of work where no Meshweb runs that would serve it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telemetry.store.client import Store, StoreAddress, StoreAway

START_SECONDS = 60.0
STOP_SECONDS = 10.0
_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def own_store(home: Path) -> Iterator[Store]:
    """Serve `home`'s store on a free port of loopback, then end it. Raises StoreAway."""
    port = _free_port()
    words = ("-m", "telemetry.store.server", str(home), "--bind", "127.0.0.1", "--port", str(port))
    process = subprocess.Popen(
        [sys.executable, *words], cwd=_ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL
    )
    store = Store(StoreAddress.embedded(home, port))
    try:
        if not store.wait(START_SECONDS):
            raise StoreAway("the store did not start")
        yield store
    finally:
        store.close()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
