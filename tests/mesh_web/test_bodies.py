"""Slow and endless request bodies cost the one who sends them, nobody else."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from mesh_web import bodies
from mesh_web.asgi import WORKERS, application
from tests.mesh_web.live.test_whole import serving

SLOW = 40
HALF_SENT = (
    b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 100\r\n\r\n{"username"'
)


@asynccontextmanager
async def connection(url: str, text: bytes) -> AsyncIterator[asyncio.StreamReader]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(text)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def answer(url: str, text: bytes) -> tuple[int, object]:
    """Status and JSON of what the server says before it closes."""
    async with connection(url, text) as reader, asyncio.timeout(5):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def refusal(code: str, message: str) -> dict[str, object]:
    return {"code": code, "message": message, "path": "", "findings": []}


async def test_more_half_sent_bodies_than_workers_stop_nobody() -> None:
    assert SLOW > 2 * WORKERS
    async with serving(application) as url, contextlib.AsyncExitStack() as slow:
        for _ in range(SLOW):
            await slow.enter_async_context(connection(url, HALF_SENT))
        await asyncio.sleep(0.3)  # all of them have reached the application
        asked = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert await answer(url, asked) == (200, {"status": "ok"})


async def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.2)
    async with serving(application) as url:
        assert await answer(url, HALF_SENT) == (
            408,
            refusal("timeout", "The request's body came too slowly."),
        )


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_too_large_is_not_read(
    monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    monkeypatch.setattr(bodies, "SLACK_BYTES", -2_499_000)
    head = b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\n"
    text = (
        head + b"Content-Length: 1001\r\n\r\n"
        if announced
        else head + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n"
    )
    async with serving(application) as url:
        assert await answer(url, text) == (413, refusal("too_large", "The request is too large."))


@pytest.mark.django_db(transaction=True)
async def test_a_body_that_comes_in_pieces_arrives_whole() -> None:
    body = b'{"username": "nobody", "password": "wrong"}'
    head = (
        b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    async with serving(application) as url:
        assert await answer(url, head + body) == (
            401,
            refusal("unauthenticated", "The name or the password is wrong."),
        )


async def test_whoever_sends_all_before_reading_hears_that_it_is_too_much() -> None:
    head = b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n"
    async with serving(application) as url:
        assert await answer(url, head + b"x" * 20_000_000) == (
            413,
            refusal("too_large", "The request is too large."),
        )
