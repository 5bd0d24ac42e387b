"""Request bodies, read whole on the event loop before a worker thread is given the request.

A worker that waited for a slow client's bytes would be lost to everybody else: as many half-sent
bodies as there are workers would stop the web.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from rest.errors import error

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SLACK_BYTES: Final = 64_000
"""Over what Django takes: just above its limit, its own answer is the better one."""
SECONDS: Final = 10.0
LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 64_000_000
"""So much more of a refused body is taken in and dropped: most clients send all before they read, and
would find the connection reset instead of the answer."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A body that is too large (413) or came too slowly (408)."""

    status: int
    message: str


TOO_LARGE = NotTaken(413, "The request is too large.")
TOO_SLOW = NotTaken(408, "The request's body came too slowly.")


async def read(scope: Scope, receive: Receive) -> bytes | NotTaken | None:
    """The whole body; None when the client went away."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + SLACK_BYTES
    if _announced(scope) > most:
        return TOO_LARGE
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                body += message.get("body", b"")
                if len(body) > most:
                    return TOO_LARGE
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        return TOO_SLOW


def ready(body: bytes) -> Receive:
    """What receives this body at once, in one piece."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def refuse(receive: Receive, send: Send, why: NotTaken) -> None:
    """Answer in the one error shape and close: the rest of the body is dropped."""
    body = error(why.status, why.message).model_dump_json().encode()
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": why.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if why is TOO_LARGE:
        await _drop(receive)
    await send({"type": "http.response.body", "body": b""})


async def _drop(receive: Receive) -> None:
    dropped = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while dropped < LINGER_BYTES:
                message = await receive()
                dropped += len(message.get("body", b""))
                if not message.get("more_body", False):  # its end, or the client's
                    return


def _announced(scope: Scope) -> int:
    """The length the client gives, bytes; 0 when it gives none (the server refuses nonsense)."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
