"""Calls from one service to another: plain HTTP, through the sidecar where there is one."""

import asyncio
import json
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from demo.shop import trace_context
from demo.shop.messages import (
    BadMessage,
    Response,
    read_body,
    read_head,
    request_bytes,
)

TIMEOUT_SECONDS = 10.0
MAX_IDLE_CONNECTIONS = 8

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class UpstreamFailed(Exception):  # noqa: N818  a state of the world
    """A service we need did not answer, or answered with an error (`status`)."""

    def __init__(self, upstream: str, reason: str, status: int | None = None) -> None:
        super().__init__(f"{upstream}: {reason}")
        self.status = status


@dataclass(slots=True)
class Upstream:
    """One service, its `host` as callers name it, and the address its connections go to."""

    name: str
    host: str
    address: tuple[str, int]
    _idle: deque[Connection] = field(default_factory=deque)

    @staticmethod
    def from_environment(name: str) -> "Upstream":
        """`<NAME>_URL` says who; `MESHWEB_EGRESS`, where it is set, is the way there."""
        url = urlsplit(os.environ[f"{name.upper()}_URL"])
        direct = (url.hostname or "", url.port or 80)
        return Upstream(name, url.netloc, egress_address() or direct)

    async def get(self, path: str) -> Response:
        """The answer below 500. Raises UpstreamFailed."""
        return await self.call("GET", path)

    async def call(self, method: str, path: str, body: object = None) -> Response:
        """One call; `body` is sent as JSON. Raises UpstreamFailed on 5xx, timeout or no answer."""
        payload = b"" if body is None else json.dumps(body).encode()
        headers = {"host": self.host, "accept": "application/json", **trace_context.outgoing()}
        if payload:
            headers["content-type"] = "application/json"
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                response = await self._exchange(
                    request_bytes(method, path, headers, payload), reusable=method == "GET"
                )
        except TimeoutError as error:
            raise UpstreamFailed(self.name, "timed out") from error
        except (OSError, asyncio.IncompleteReadError, BadMessage) as error:
            raise UpstreamFailed(self.name, f"{type(error).__name__}: {error}") from error
        if response.status >= 500:
            raise UpstreamFailed(self.name, f"answered {response.status}", response.status)
        return response

    async def close(self) -> None:
        """Give the kept connections up."""
        while self._idle:
            _, writer = self._idle.pop()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, message: bytes, *, reusable: bool) -> Response:
        # only what may safely be sent twice goes over a kept connection: the peer may be
        # closing it at this very moment
        if reusable and (kept := self._take_idle()):
            try:
                return await self._send(kept, message)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
        return await self._send(await asyncio.open_connection(*self.address), message)

    def _take_idle(self) -> Connection | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not (reader.at_eof() or writer.is_closing()):
                return reader, writer
            writer.close()
        return None

    async def _send(self, connection: Connection, message: bytes) -> Response:
        reader, writer = connection
        keep = False
        try:
            writer.write(message)
            response, keep = await read_response(reader)
        finally:
            if keep and len(self._idle) < MAX_IDLE_CONNECTIONS:
                self._idle.append(connection)
            else:
                writer.close()
        return response


async def read_response(reader: asyncio.StreamReader) -> tuple[Response, bool]:
    """A response, and whether its connection may be used again."""
    start, headers = await read_head(reader)
    parts = start.split(" ", 2)
    if len(parts) < 2 or not parts[1].isdigit():
        raise BadMessage(f"not a status line: {start[:40]!r}")
    status = int(parts[1])
    body = b"" if status in (204, 304) else await read_body(reader, headers)
    response = Response(
        status=status,
        body=body,
        content_type=headers.get("content-type", ""),
        headers=headers,
    )
    return response, headers.get("connection", "").lower() != "close"


def egress_address() -> tuple[str, int] | None:
    """Where this pod's sidecar takes outbound HTTP, or None without a sidecar."""
    egress = os.environ.get("MESHWEB_EGRESS")
    if not egress:
        return None
    host, _, port = egress.rpartition(":")
    return host, int(port)
