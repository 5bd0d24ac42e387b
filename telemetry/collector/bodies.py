"""What every HTTP sender goes through: may it send, is it our kind of body, is it unpacked small."""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from telemetry.collector.access import REFUSAL, Access
from telemetry.collector.receive import Outcome, Reply

BODY_LIMIT = 8 << 20
BODY_SECONDS = 20.0
"""Whoever has not sent all of a body by then is slow on purpose, or far away."""
IN_HAND_BYTES = 64 << 20
"""Of bodies that are on their way, all together."""
_GZIP = 16 + zlib.MAX_WBITS
_STATUSES = {Outcome.MALFORMED: 400, Outcome.LARGE: 413, Outcome.FULL: 429, Outcome.AWAY: 503}
_RETRIED = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Refused:
    """The body is not taken; `response` says why."""

    response: web.Response


async def plain_body(
    request: web.Request, access: Access, types: Sequence[str], *, limit: int = BODY_LIMIT
) -> bytes | Refused:
    """Of one of these content types, unpacked if it came as gzip."""
    if not access.allows(request.remote or "", request.headers.get("Authorization", "")):
        return Refused(refused(401, REFUSAL))
    if request.content_type not in types:
        return Refused(refused(415, f"send {' or '.join(types)}"))
    raw = await packed_body(request)
    if isinstance(raw, Refused):
        return raw
    return plain(raw, request.headers.get("Content-Encoding", ""), limit)


class _InHand:
    """Bytes of bodies that are on their way."""

    def __init__(self) -> None:
        self.size = 0


_in_hand = _InHand()


async def packed_body(request: web.Request) -> bytes | Refused:
    """As it was sent: in time, within BODY_LIMIT, and while there is room for it."""
    if (request.content_length or 0) > BODY_LIMIT:
        return _too_large(BODY_LIMIT)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                if len(body) + len(chunk) > BODY_LIMIT:
                    return _closing(_too_large(BODY_LIMIT))
                if _in_hand.size + len(chunk) > IN_HAND_BYTES:
                    return _closing(Refused(refused(429, "too many bodies at once")))
                body += chunk
                _in_hand.size += len(chunk)
    except TimeoutError:
        return _closing(Refused(refused(408, f"the body took more than {BODY_SECONDS:g} s")))
    finally:
        _in_hand.size -= len(body)
    return bytes(body)


def _closing(refusal: Refused) -> Refused:
    """What is left of the body will not be read."""
    refusal.response.force_close()
    return refusal


def plain(body: bytes, encoding: str, limit: int = BODY_LIMIT) -> bytes | Refused:
    """Never more than `limit` bytes, however small they were packed."""
    if encoding in ("", "identity"):
        return body if len(body) <= limit else _too_large(limit)
    if encoding != "gzip":
        return Refused(refused(415, "only gzip is understood"))
    unzip = zlib.decompressobj(_GZIP)
    try:
        text = unzip.decompress(body, limit + 1)
    except zlib.error:
        return Refused(refused(400, "the body is not gzip"))
    if len(text) > limit:
        return _too_large(limit)
    return text if unzip.eof else Refused(refused(400, "the gzip body is cut short"))


def refusal(reply: Reply) -> web.Response:
    """What became of a request that was not taken."""
    return refused(_STATUSES[reply.outcome], reply.reason, reply.wait_seconds)


def refused(status: int, reason: str, wait_seconds: int = 1) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    if status in _RETRIED:
        headers = {"Retry-After": str(wait_seconds)}
    return web.json_response({"code": 0, "message": reason}, status=status, headers=headers)


def _too_large(limit: int) -> Refused:
    return Refused(refused(413, f"at most {limit} bytes"))
