"""Is it ready? An application by its port, an Envoy by its admin socket."""

import asyncio
import contextlib
from pathlib import Path

PROBE_SECONDS = 1.0


async def accepts(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def live(admin: Path) -> bool:
    """Whether Envoy says LIVE: it has its whole first configuration and is not draining."""
    return (await ask(admin, "GET", "/ready")).startswith(b"HTTP/1.1 200")


async def drain(admin: Path, *, still_accept: bool) -> None:
    """Ask Envoy to tell its clients to go elsewhere.

    `still_accept` new ones meanwhile: not where another Envoy already listens on the same address.
    """
    await ask(admin, "POST", f"/drain_listeners{'?graceful' if still_accept else ''}")


async def ask(admin: Path, method: str, path: str) -> bytes:
    """The head of Envoy's answer, b"" if there is none."""
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_unix_connection(str(admin))
            try:
                writer.write(request.encode())
                return await reader.read(256)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""
