"""OTLP over HTTP: protobuf and JSON, gzip."""

from collections.abc import Iterable
from typing import Any

from aiohttp import web
from google.protobuf import json_format

from telemetry.collector.access import Access
from telemetry.collector.bodies import BODY_LIMIT, Refused, plain_body, refusal, refused
from telemetry.collector.receive import Outcome, Reply, Signal
from telemetry.ingest.decode import Malformed
from telemetry.ingest.json_form import protobuf_of_json

KEEP_SECONDS = 60.0
"""A connection on which nobody asks anything is closed."""
_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"


def otlp_routes(signals: tuple[Signal, ...], access: Access) -> tuple[web.RouteDef, ...]:
    """One for each signal."""
    return tuple(web.post(signal.http_path, _export(signal, access)) for signal in signals)


async def start_http(host: str, port: int, routes: Iterable[web.RouteDef]) -> web.AppRunner:
    """Listen. Raises OSError where the port is taken."""
    application = web.Application(client_max_size=BODY_LIMIT)
    application.add_routes(routes)
    runner = web.AppRunner(
        application,
        access_log=None,
        auto_decompress=False,
        handle_signals=False,
        shutdown_timeout=1,
        keepalive_timeout=KEEP_SECONDS,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


def _export(signal: Signal, access: Access) -> Any:
    async def export(request: web.Request) -> web.Response:
        body = await plain_body(request, access, (_PROTOBUF, _JSON))
        if isinstance(body, Refused):
            return body.response
        json = request.content_type == _JSON
        raw = protobuf_of_json(signal.request, body) if json else body
        if isinstance(raw, Malformed):
            return refused(400, raw.reason)
        return _answer(await signal.receive(raw), json=json)

    return export


def _answer(reply: Reply, *, json: bool) -> web.Response:
    if reply.outcome is not Outcome.TAKEN:
        return refusal(reply)
    message: Any = reply.message
    if json:
        return web.Response(text=json_format.MessageToJson(message), content_type=_JSON)
    return web.Response(body=message.SerializeToString(), content_type=_PROTOBUF)
