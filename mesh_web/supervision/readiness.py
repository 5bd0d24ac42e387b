"""When a process counts as ready: it accepts connections, or answers 200."""

import asyncio
import contextlib

POLL_SECONDS = 0.05


async def until_ready(probe: str) -> None:
    """Return once `probe` holds: "tcp:HOST:PORT", "unix:PATH", "http:HOST:PORT/PATH", or "" at once."""
    while probe and not await _holds(probe):
        await asyncio.sleep(POLL_SECONDS)


async def _holds(probe: str) -> bool:
    kind, _, target = probe.partition(":")
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
        async with asyncio.timeout(1):
            return await _connects(kind, target)
    return False


async def _connects(kind: str, target: str) -> bool:
    if kind == "unix":
        _, writer = await asyncio.open_unix_connection(target)
        writer.close()
        return True
    address, slash, path = target.partition("/")
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        if kind == "tcp":
            return True
        request = f"GET {slash}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        status = await reader.readline()
        return b" 200 " in status
    finally:
        writer.close()
