"""Control's own metrics as a page for Prometheus."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

LONGEST_REQUEST = 8192
READ_SECONDS = 5.0

MayRead = Callable[[str], bool]
"""Whether a bearer token's owner may read; blocks on the database."""


def page(collectors: Iterable[Collector]) -> bytes:
    """All of it in Prometheus's text format."""
    from prometheus_client import generate_latest  # noqa: PLC0415

    return b"".join(generate_latest(_Only(one)) for one in collectors)


class _Only:
    """One collector where a registry is asked for."""

    def __init__(self, given: Collector) -> None:
        self.collect = given.collect


class MetricsPage:
    """`GET /metrics` with a bearer token; nothing else. One small server of its own."""

    def __init__(self, collectors: Iterable[Collector], may_read: MayRead) -> None:
        self._collectors = tuple(collectors)
        self._may_read = may_read

    async def serve(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._answer, host, port, limit=LONGEST_REQUEST)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                status, body = await self._page(head)
                writer.write(_response(status, body))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            log.debug("a reader of metrics went away or sent no request")
        finally:
            writer.close()

    async def _page(self, head: str) -> tuple[str, bytes]:
        first, *lines = head.split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or words[0] not in ("GET", "HEAD"):
            return "405 Method Not Allowed", b"GET /metrics\n"
        if words[1].partition("?")[0] != "/metrics":
            return "404 Not Found", b"GET /metrics\n"
        if not await asyncio.to_thread(self._may_read, _token(lines)):
            return "401 Unauthorized", b"Send a bearer token.\n"
        text = await asyncio.to_thread(page, self._collectors)
        return "200 OK", b"" if words[0] == "HEAD" else text


def _token(lines: Iterable[str]) -> str:
    for line in lines:
        name, _, value = line.partition(":")
        kind, _, token = value.strip().partition(" ")
        if name.strip().lower() == "authorization" and kind.lower() == "bearer":
            return token.strip()
    return ""


def _response(status: str, body: bytes) -> bytes:
    more = "WWW-Authenticate: Bearer\r\n" if status.startswith("401") else ""
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    ).encode() + body
