"""Jaeger's Thrift: posted over HTTP as a collector takes it, or sent over UDP as to an agent."""

import asyncio
import logging
from dataclasses import dataclass

from aiohttp import web

from telemetry.collector.access import Access, is_loopback
from telemetry.collector.bodies import Refused, plain_body, refusal
from telemetry.collector.receive import Outcome, Receiver
from telemetry.ingest.jaeger_thrift import spans_of_batch, spans_of_packet

PATH = "/api/traces"
TYPES = ("application/x-thrift", "application/vnd.apache.thrift.binary")
BATCH_LIMIT = 1 << 20
"""A struct may be one byte long and many times larger here, so a batch is smaller than OTLP's."""
IN_HAND = 1000
"""Packets being stored at once; what comes beyond it is lost, as UDP allows."""

log = logging.getLogger("collector.jaeger")


def jaeger_route(receiver: Receiver, access: Access) -> web.RouteDef:
    """What `jaeger.thrift` over HTTP expects: 202 when the spans are durable."""

    async def take(request: web.Request) -> web.Response:
        body = await plain_body(request, access, TYPES, limit=BATCH_LIMIT)
        if isinstance(body, Refused):
            return body.response
        reply = await receiver.spans(spans_of_batch(body))
        if reply.outcome is not Outcome.TAKEN:
            return refusal(reply)
        return web.Response(status=202)

    return web.post(PATH, take)


@dataclass(slots=True)
class Lost:
    """Packets that were not stored, since the last line about them."""

    packets: int = 0
    reason: str = ""


class JaegerAgent(asyncio.DatagramProtocol):
    """Takes packets of programs on this host; from elsewhere nobody can show a token by UDP."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._tasks: set[asyncio.Task[None]] = set()
        self.lost = Lost()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not is_loopback(addr[0]):
            self._lose("from another host")
        elif len(self._tasks) >= IN_HAND:
            self._lose("more than can be stored")
        else:
            task = asyncio.get_running_loop().create_task(self._take(data))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take(self, data: bytes) -> None:
        reply = await self._receiver.spans(spans_of_packet(data))
        if reply.outcome is not Outcome.TAKEN:
            self._lose(reply.reason)

    def _lose(self, reason: str) -> None:
        """Nobody hears an answer, so the log is told: once a reason, then every thousandth time."""
        self.lost.packets += 1
        if reason != self.lost.reason or self.lost.packets % 1000 == 0:
            log.warning("%d packets lost: %s", self.lost.packets, reason)
            self.lost.reason = reason


async def start_agent(receiver: Receiver, host: str, port: int) -> asyncio.DatagramTransport:
    """Listen. Raises OSError where the port is taken."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: JaegerAgent(receiver), local_addr=(host, port)
    )
    return transport
