"""`POST /api/v2/spans`: Zipkin's JSON, answered when the spans are durable."""

from aiohttp import web

from telemetry.collector.access import Access
from telemetry.collector.bodies import Refused, plain_body, refusal
from telemetry.collector.receive import Outcome, Receiver
from telemetry.ingest.zipkin import spans_of_zipkin

PATH = "/api/v2/spans"


def zipkin_route(receiver: Receiver, access: Access) -> web.RouteDef:
    """Senders of other formats than JSON are told so."""

    async def take(request: web.Request) -> web.Response:
        body = await plain_body(request, access, ("application/json",))
        if isinstance(body, Refused):
            return body.response
        reply = await receiver.spans(spans_of_zipkin(body))
        if reply.outcome is not Outcome.TAKEN:
            return refusal(reply)
        return web.Response(status=202)

    return web.post(PATH, take)
