"""`POST /api/v1/write`: Prometheus remote write, answered when the samples are durable."""

import asyncio
import time
from dataclasses import dataclass

from aiohttp import web

from telemetry.collector.access import REFUSAL, Access
from telemetry.collector.batches import BadRows, Batches, QueueFull
from telemetry.collector.bodies import Refused, packed_body
from telemetry.ingest.remote_write import Malformed, Register
from telemetry.ingest.rows import (
    EXEMPLAR_COLUMNS,
    METADATA_COLUMNS,
    SAMPLE_COLUMNS,
    SERIES_COLUMNS,
)
from telemetry.ingest.written import Written
from telemetry.snappy import BadBlock, TooLarge, unpacked
from telemetry.store.client import Store, StoreAway

PATH = "/api/v1/write"
UNPACKED_LIMIT = 32 << 20
_PROTOBUF = "application/x-protobuf"
_SECOND = "io.prometheus.write.v2.Request"
_RETRY = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class WriteTables:
    """Where a request's rows go, in the order in which they must be durable."""

    series: Batches
    samples: Batches
    exemplars: Batches
    metadata: Batches

    @staticmethod
    def of(store: Store) -> "WriteTables":
        return WriteTables(
            Batches(store, "series", SERIES_COLUMNS),
            Batches(store, "samples", SAMPLE_COLUMNS, form="RowBinary"),
            Batches(store, "exemplars", EXEMPLAR_COLUMNS),
            Batches(store, "metric_metadata", METADATA_COLUMNS),
        )

    def all(self) -> tuple[Batches, ...]:
        return (self.series, self.samples, self.exemplars, self.metadata)

    async def put(self, written: Written) -> None:
        """Raises QueueFull, StoreAway, BadRows. No sample is ever without its series."""
        await self.series.put(written.series)
        await asyncio.gather(
            self.samples.put(written.samples),
            self.exemplars.put(written.exemplars),
            self.metadata.put(written.metadata),
        )


class RemoteWrite:
    """The route. What is refused of a request does not keep the rest out."""

    def __init__(self, tables: WriteTables, register: Register, access: Access) -> None:
        self._tables = tables
        self._register = register
        self._access = access

    def route(self) -> web.RouteDef:
        return web.post(PATH, self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        authorization = request.headers.get("Authorization", "")
        if not self._access.allows(request.remote or "", authorization):
            return _refusal(401, REFUSAL, {"WWW-Authenticate": "Bearer"})
        if request.content_type != _PROTOBUF:
            return _refusal(415, f"send {_PROTOBUF}")
        if request.headers.get("Content-Encoding", "snappy") != "snappy":
            return _refusal(415, "only snappy is understood")
        second = _SECOND in request.headers.get("Content-Type", "")
        raw = await packed_body(request)
        if isinstance(raw, Refused):
            return raw.response
        try:
            body = unpacked(raw, UNPACKED_LIMIT)
            written = self._register.take(body, round(time.time() * 1000), second=second)
        except TooLarge as error:
            return _refusal(413, str(error))
        except (BadBlock, Malformed) as error:
            return _refusal(400, str(error))
        return await self._put(written)

    async def _put(self, written: Written) -> web.Response:
        try:
            await self._tables.put(written)
        except QueueFull:
            return _refusal(429, "the queue is full", _RETRY)
        except StoreAway as error:
            return _refusal(503, str(error), _RETRY)
        except BadRows as error:
            return _refusal(400, str(error))
        self._register.stored(written)
        counted = {
            "X-Prometheus-Remote-Write-Samples-Written": str(written.counted),
            "X-Prometheus-Remote-Write-Histograms-Written": "0",
            "X-Prometheus-Remote-Write-Exemplars-Written": str(written.exemplars_counted),
        }
        if written.wait_seconds:
            again = {"Retry-After": str(written.wait_seconds)}
            return _refusal(429, written.why(), {**counted, **again})
        if written.refused:
            return _refusal(400, written.why(), counted)
        return web.Response(status=204, headers=counted)


def _refusal(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=f"{reason}\n", status=status, headers=headers)
