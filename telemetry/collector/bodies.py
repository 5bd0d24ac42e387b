"""What every HTTP sender goes through: may it send, is it our kind of body, is it unpacked small."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from telemetry.collector.access import REFUSAL, Access
from telemetry.collector.receive import Outcome

BODY_LIMIT = 8 << 20
_GZIP = 16 + zlib.MAX_WBITS
_STATUSES = {Outcome.MALFORMED: 400, Outcome.LARGE: 413, Outcome.FULL: 429, Outcome.AWAY: 503}
_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


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
    return plain(await request.read(), request.headers.get("Content-Encoding", ""), limit)


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


def refusal(outcome: Outcome, reason: str) -> web.Response:
    """What became of a request that was not taken."""
    return refused(_STATUSES[outcome], reason)


def refused(status: int, reason: str) -> web.Response:
    headers = _HEADERS.get(status)
    return web.json_response({"code": 0, "message": reason}, status=status, headers=headers)


def _too_large(limit: int) -> Refused:
    return Refused(refused(413, f"at most {limit} bytes"))
