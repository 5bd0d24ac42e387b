"""OTLP over HTTP: protobuf and JSON, gzip."""

import zlib
from typing import Any

from aiohttp import web
from google.protobuf import json_format

from telemetry.collector.access import REFUSAL, Access
from telemetry.collector.receive import Outcome, Reply, Signal
from telemetry.ingest.decode import Malformed
from telemetry.ingest.json_form import protobuf_of_json

BODY_LIMIT = 8 << 20
_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_GZIP = 16 + zlib.MAX_WBITS
_STATUSES = {Outcome.MALFORMED: 400, Outcome.LARGE: 413, Outcome.FULL: 429, Outcome.AWAY: 503}

_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


async def start_http(
    signals: tuple[Signal, ...], host: str, port: int, access: Access, *others: web.RouteDef
) -> web.AppRunner:
    """Listen, for `others`, too. Raises OSError where the port is taken."""
    application = web.Application(client_max_size=BODY_LIMIT)
    for signal in signals:
        application.router.add_post(signal.http_path, _export(signal, access))
    application.add_routes(others)
    runner = web.AppRunner(
        application,
        access_log=None,
        auto_decompress=False,
        handle_signals=False,
        shutdown_timeout=1,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


def _export(signal: Signal, access: Access) -> Any:
    async def export(request: web.Request) -> web.Response:
        if not access.allows(request.remote or "", request.headers.get("Authorization", "")):
            return _refusal(401, REFUSAL)
        json = request.content_type == _JSON
        if not json and request.content_type != _PROTOBUF:
            return _refusal(415, f"send {_PROTOBUF} or {_JSON}")
        body = _plain(await request.read(), request.headers.get("Content-Encoding", ""))
        if isinstance(body, web.Response):
            return body
        raw = protobuf_of_json(signal.request, body) if json else body
        if isinstance(raw, Malformed):
            return _refusal(400, raw.reason)
        return _answer(await signal.receive(raw), json=json)

    return export


def _answer(reply: Reply, *, json: bool) -> web.Response:
    if reply.outcome is not Outcome.TAKEN:
        return _refusal(_STATUSES[reply.outcome], reply.reason)
    message: Any = reply.message
    if json:
        return web.Response(text=json_format.MessageToJson(message), content_type=_JSON)
    return web.Response(body=message.SerializeToString(), content_type=_PROTOBUF)


def _plain(body: bytes, encoding: str) -> bytes | web.Response:
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        return _refusal(415, "only gzip is understood")
    unzip = zlib.decompressobj(_GZIP)
    try:
        text = unzip.decompress(body, BODY_LIMIT + 1)
    except zlib.error:
        return _refusal(400, "the body is not gzip")
    if len(text) > BODY_LIMIT:
        return _refusal(413, f"at most {BODY_LIMIT} bytes")
    return text if unzip.eof else _refusal(400, "the gzip body is cut short")


def _refusal(status: int, reason: str) -> web.Response:
    headers = _HEADERS.get(status)
    return web.json_response({"code": 0, "message": reason}, status=status, headers=headers)
