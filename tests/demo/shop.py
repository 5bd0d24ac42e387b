"""A whole shop wired directly: real processes on loopback, no mesh between them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def service(name: str, port: int, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """One service of the shop as its own process, listening when the block begins."""
    inherited = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    process = subprocess.Popen(
        [sys.executable, "-m", f"demo.shop.{name}"],
        env={**inherited, "HOST": "127.0.0.1", "PORT": str(port), **env},
        cwd=ROOT,
    )
    try:
        wait_for(port)
        yield process
    finally:
        process.terminate()
        process.wait(5)


@contextmanager
def whole_shop() -> Iterator[str]:
    """Every service of the shop; yields the storefront's URL."""
    names = (
        "datastore", "ratings", "reviews", "catalogue", "cart", "carrier", "payments",
        "checkout", "recommendations", "storefront",
    )  # fmt: skip
    ports = {name: free_port() for name in names}
    wiring = {
        **{f"{n.upper()}_URL": f"http://127.0.0.1:{port}" for n, port in ports.items()},
        "DATASTORE_SERVICE_HOST": "127.0.0.1",
        "DATASTORE_SERVICE_PORT": str(ports["datastore"]),
        "VERSION": "v2",
    }
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(service(name, ports[name], wiring))
        yield wiring["STOREFRONT_URL"]
