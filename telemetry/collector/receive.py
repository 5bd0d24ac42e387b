"""One OTLP request in, an answer out; the same for gRPC and HTTP."""

import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

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
from telemetry.ingest.quotas import Quotas, Toll
from telemetry.ingest.rows import log_row, span_row
from telemetry.ingest.series import SeriesTable
from telemetry.ingest.span_metrics import SpanMetrics, Tally
from telemetry.ingest.values import ResourcePoints, Span
from telemetry.own.measures import INGESTED
from telemetry.sanitize import sanitize
from telemetry.sanitize.logs import sanitize_log
from telemetry.sanitize.times import plausible
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
    """`message` is the protobuf response when TAKEN; `reason` says why not otherwise.

    `wait_seconds`: when to try again, where that helps.
    """

    outcome: Outcome
    message: object = None
    reason: str = ""
    wait_seconds: int = 1


Receive = Callable[[bytes], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Signal:
    """One of OTLP's three services."""

    grpc_service: str
    http_path: str
    request: type
    receive: Receive


Given = TypeVar("Given")


_Receive = Callable[["Receiver", Given], Coroutine[Any, Any, Reply]]


def _counted(signal: str) -> Callable[[_Receive[Given]], _Receive[Given]]:
    """Requests that were answered, by what became of them."""

    def counting(receive: _Receive[Given]) -> _Receive[Given]:
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

    def __init__(
        self,
        spans: Batches,
        logs: Batches,
        exemplars: Batches,
        table: SeriesTable,
        quotas: Quotas | None = None,
        span_metrics: SpanMetrics | None = None,
    ) -> None:
        self._spans = spans
        self._logs = logs
        self._exemplars = exemplars
        self._table = table
        self._quotas = quotas or Quotas()
        self._span_metrics = span_metrics or SpanMetrics("")

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
        lost, tally = 0, Tally()

        def rows() -> Iterable[_Row]:
            nonlocal lost
            for span in spans:
                mended = sanitize(span, now)
                if mended is None:
                    lost += 1
                else:
                    tally.add(mended)
                    yield mended.resource.namespace, span_row(mended)

        encoded = _encoded(rows(), self._spans.room, Toll(self._quotas))
        if isinstance(encoded, Reply):
            return encoded
        response = ExportTraceServiceResponse()
        over, why = encoded.over()
        if lost:
            why = "; ".join(filter(None, ("spans without a valid trace id and span id", why)))
        if lost or over:
            response.partial_success.CopyFrom(
                ExportTracePartialSuccess(rejected_spans=lost + over, error_message=why)
            )
        reply = await _queued(self._spans, encoded, response)
        if reply.outcome is Outcome.TAKEN:
            self._span_metrics.take(tally, time.time())
        return reply

    @_counted("logs")
    async def logs(self, body: bytes) -> Reply:
        records = read_logs(body)
        if isinstance(records, Malformed):
            return Reply(outcome=Outcome.MALFORMED, reason=records.reason)
        now = time.time_ns()
        mended = (sanitize_log(record, now) for record in records)
        rows = ((record.resource.namespace, log_row(record)) for record in mended)
        encoded = _encoded(rows, self._logs.room, Toll(self._quotas))
        if isinstance(encoded, Reply):
            return encoded
        response = ExportLogsServiceResponse(partial_success=ExportLogsPartialSuccess())
        over, why = encoded.over()
        if over:
            response.partial_success.CopyFrom(
                ExportLogsPartialSuccess(rejected_log_records=over, error_message=why)
            )
        return await _queued(self._logs, encoded, response)

    @_counted("metrics")
    async def metrics(self, body: bytes) -> Reply:
        decoded = decode_points(body)
        if isinstance(decoded, Malformed):
            return Reply(outcome=Outcome.MALFORMED, reason=decoded.reason)
        now, toll = time.time(), Toll(self._quotas)
        response = ExportMetricsServiceResponse()
        refused, given, reasons = 0, 0, set[str]()
        for one in decoded:
            given += one.refused + len(one.points)
            if one.refused:
                reasons.add(
                    "kept are cumulative sums and histograms, and gauges, if they are sound"
                )
            if not toll.passes(one.resource.namespace, _size(one)):
                refused += one.refused + len(one.points)
                continue
            left = self._table.take(one, now)
            if left:
                reasons.add(f"{self._quotas.over_series(one.resource.namespace)}, or is too large")
            refused += one.refused + left
        if toll.refused and refused == given:
            return _over_quota(toll)
        toll.charge()
        if refused:
            reasons |= {toll.why()} - {""}
            response.partial_success.CopyFrom(
                ExportMetricsPartialSuccess(
                    rejected_data_points=refused, error_message="; ".join(sorted(reasons))
                )
            )
        return await self.with_exemplars(response, now)

    async def with_exemplars(self, response: object, now: float) -> Reply:
        """Unlike values they are told once, so the answer waits until they are durable."""
        rows = self._table.exemplars()
        if not rows:
            return Reply(outcome=Outcome.TAKEN, message=response)
        lines = b"\n".join(
            orjson.dumps((number, _second(one.time_ns, now), one.value, one.labels))
            for _, number, one in rows
        )
        reply = await _queued(self._exemplars, _Encoded(lines), response)
        if reply.outcome is Outcome.TAKEN:
            for series, _, one in rows:
                series.exemplar_ns = max(series.exemplar_ns, one.time_ns)
        return reply


_Row = tuple[str, tuple[object, ...]]
"""A namespace, and a row of it."""


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Lines of JSON. `owner` is the namespace of most of them; `toll` knows who was refused."""

    lines: bytes
    owner: str = ""
    toll: Toll | None = None

    def over(self) -> tuple[int, str]:
        """How many rows the quotas refused, and why."""
        if self.toll is None or not self.toll.refused:
            return 0, ""
        return sum(self.toll.refused.values()), self.toll.why()


def _encoded(rows: Iterable[_Row], room: int, toll: Toll) -> _Encoded | Reply:
    """Rows as lines of JSON, until they are more than one request or the queue may hold.

    Small requests become large rows, for each row repeats its resource.
    """
    lines = bytearray()  # a list of lines would keep the room that the encoder had reserved
    for namespace, row in rows:
        text = orjson.dumps(row)
        if not toll.passes(namespace, len(text)):
            continue
        lines += text
        if len(lines) > ROWS_BYTES:
            return Reply(outcome=Outcome.LARGE, reason=f"rows of more than {ROWS_BYTES} bytes")
        if len(lines) > room:
            return Reply(outcome=Outcome.FULL, reason="the queue is full")
        lines += b"\n"
    if toll.refused and not lines:
        return _over_quota(toll)
    owner = max(toll.sizes, key=toll.sizes.__getitem__, default="")
    return _Encoded(bytes(lines[:-1]), owner, toll)


def _over_quota(toll: Toll) -> Reply:
    return Reply(outcome=Outcome.FULL, reason=toll.why()[:500], wait_seconds=toll.wait_seconds())


async def _queued(batches: Batches, encoded: _Encoded, response: object) -> Reply:
    try:
        await batches.put(encoded.lines, encoded.owner)
    except QueueFull:
        return Reply(outcome=Outcome.FULL, reason="the queue is full")
    except StoreAway as error:
        return Reply(outcome=Outcome.AWAY, reason=str(error))
    except BadRows as error:
        return Reply(outcome=Outcome.MALFORMED, reason=str(error))
    if encoded.toll is not None:
        encoded.toll.charge()
    return Reply(outcome=Outcome.TAKEN, message=response)


def _size(points: ResourcePoints) -> int:
    """Bytes of what came, about."""
    return sum(len(p.name) + len(p.key) + 8 * len(p.values) for p in points.points)


def _second(time_ns: int, now: float) -> float:
    """Of an exemplar; one of another time is of now."""
    return time_ns / 1e9 if plausible(time_ns, round(now * 1e9)) else now
