"""One OTLP request in, an answer out; the same for gRPC and HTTP."""

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from telemetry.collector.batches import BadRows, Batches, QueueFull
from telemetry.ingest.decode import Malformed, decode_points, read_logs, read_spans
from telemetry.ingest.rows import log_row, span_row
from telemetry.ingest.series import SeriesTable
from telemetry.ingest.values import Span
from telemetry.own.measures import INGESTED
from telemetry.sanitize import sanitize
from telemetry.sanitize.logs import sanitize_log
from telemetry.store.client import StoreAway

ROWS_BYTES = 16 << 20
"""What one request's rows may come to; its body has at most half of that."""


class Outcome(StrEnum):
    TAKEN = "taken"
    MALFORMED = "malformed"
    LARGE = "large"
    FULL = "full"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`message` is the protobuf response when TAKEN; `reason` says why not otherwise."""

    outcome: Outcome
    message: object = None
    reason: str = ""


Receive = Callable[[bytes], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Signal:
    """One of OTLP's three services."""

    grpc_service: str
    http_path: str
    request: type
    receive: Receive


Given = TypeVar("Given")


def _counted(
    signal: str,
) -> Callable[
    [Callable[["Receiver", Given], Awaitable[Reply]]],
    Callable[["Receiver", Given], Awaitable[Reply]],
]:
    """Requests that were answered, by what became of them."""

    def counting(
        receive: Callable[["Receiver", Given], Awaitable[Reply]],
    ) -> Callable[["Receiver", Given], Awaitable[Reply]]:
        async def counted(self: "Receiver", given: Given) -> Reply:
            reply = await receive(self, given)
            INGESTED.labels(signal, reply.outcome).inc()
            return reply

        return counted

    return counting


class Receiver:
    """Decodes, mends, queues. Spans and logs are answered when they are durable.

    Metrics are answered at once: they are cumulative, so the next export repeats them.
    """

    def __init__(self, spans: Batches, logs: Batches, table: SeriesTable) -> None:
        self._spans = spans
        self._logs = logs
        self._table = table

    def signals(self) -> tuple[Signal, ...]:
        prefix = "opentelemetry.proto.collector"
        return (
            Signal(f"{prefix}.trace.v1.TraceService", "/v1/traces", ExportTraceServiceRequest, self.traces),
            Signal(f"{prefix}.metrics.v1.MetricsService", "/v1/metrics", ExportMetricsServiceRequest, self.metrics),
            Signal(f"{prefix}.logs.v1.LogsService", "/v1/logs", ExportLogsServiceRequest, self.logs),
        )  # fmt: skip

    async def traces(self, body: bytes) -> Reply:
        return await self.spans(read_spans(body))

    @_counted("traces")
    async def spans(self, spans: Iterator[Span] | Malformed) -> Reply:
        """Of any format, just decoded."""
        if isinstance(spans, Malformed):
            return Reply(outcome=Outcome.MALFORMED, reason=spans.reason)
        now = time.time_ns()
        lost = 0

        def rows() -> Iterable[tuple[object, ...]]:
            nonlocal lost
            for span in spans:
                mended = sanitize(span, now)
                if mended is None:
                    lost += 1
                else:
                    yield span_row(mended)

        lines = _encoded(rows(), self._spans.room)
        if isinstance(lines, Reply):
            return lines
        response = ExportTraceServiceResponse()
        if lost:
            response.partial_success.CopyFrom(
                ExportTracePartialSuccess(
                    rejected_spans=lost,
                    error_message="spans without a valid trace id and span id",
                )
            )
        return await _queued(self._spans, lines, response)

    @_counted("logs")
    async def logs(self, body: bytes) -> Reply:
        records = read_logs(body)
        if isinstance(records, Malformed):
            return Reply(outcome=Outcome.MALFORMED, reason=records.reason)
        now = time.time_ns()
        rows = (log_row(sanitize_log(record, now)) for record in records)
        lines = _encoded(rows, self._logs.room)
        if isinstance(lines, Reply):
            return lines
        response = ExportLogsServiceResponse(partial_success=ExportLogsPartialSuccess())
        return await _queued(self._logs, lines, response)

    @_counted("metrics")
    async def metrics(self, body: bytes) -> Reply:
        decoded = decode_points(body)
        if isinstance(decoded, Malformed):
            return Reply(outcome=Outcome.MALFORMED, reason=decoded.reason)
        now = time.time()
        response = ExportMetricsServiceResponse()
        refused = sum(one.refused + self._table.take(one, now) for one in decoded)
        if refused:
            response.partial_success.CopyFrom(
                ExportMetricsPartialSuccess(
                    rejected_data_points=refused,
                    error_message="kept are cumulative sums and histograms, and gauges: sound ones, as"
                    " many as a namespace may have",
                )
            )
        return Reply(outcome=Outcome.TAKEN, message=response)


def _encoded(rows: Iterable[tuple[object, ...]], room: int) -> bytes | Reply:
    """Rows as lines of JSON, until they are more than one request or the queue may hold.

    Small requests become large rows, for each row repeats its resource.
    """
    lines = bytearray()  # a list of lines would keep the room that the encoder had reserved
    for row in rows:
        lines += orjson.dumps(row)
        if len(lines) > ROWS_BYTES:
            return Reply(outcome=Outcome.LARGE, reason=f"rows of more than {ROWS_BYTES} bytes")
        if len(lines) > room:
            return Reply(outcome=Outcome.FULL, reason="the queue is full")
        lines += b"\n"
    return bytes(lines[:-1])


async def _queued(batches: Batches, lines: bytes, response: object) -> Reply:
    try:
        await batches.put(lines)
    except QueueFull:
        return Reply(outcome=Outcome.FULL, reason="the queue is full")
    except StoreAway as error:
        return Reply(outcome=Outcome.AWAY, reason=str(error))
    except BadRows as error:
        return Reply(outcome=Outcome.MALFORMED, reason=str(error))
    return Reply(outcome=Outcome.TAKEN, message=response)
