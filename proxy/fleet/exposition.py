"""Control's own metrics: a page for Prometheus, and an export to the collector, so that PromQL has them."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    HistogramDataPoint,
    NumberDataPoint,
    ResourceMetrics,
)
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

log = logging.getLogger(__name__)

EXPORT = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
EVERY_SECONDS = 5.0
CALL_SECONDS = 5.0
LONGEST_REQUEST = 8192
READ_SECONDS = 5.0

MayRead = Callable[[str], bool]
"""Whether a bearer token's owner may read; blocks on the database."""


@dataclass(frozen=True, slots=True)
class Times:
    """When counting began, and now; Unix nanoseconds."""

    started: int
    now: int


def page(collectors: Iterable[Collector]) -> bytes:
    """All of it in Prometheus's text format."""
    from prometheus_client import generate_latest  # noqa: PLC0415

    return b"".join(generate_latest(_Only(one)) for one in collectors)


class _Only:
    """One collector where a registry is asked for."""

    def __init__(self, given: Collector) -> None:
        self.collect = given.collect


class MetricsPage:
    """`GET /metrics` with a bearer token; nothing else. One small server of its own."""

    def __init__(self, collectors: Iterable[Collector], may_read: MayRead) -> None:
        self._collectors = tuple(collectors)
        self._may_read = may_read

    async def serve(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._answer, host, port, limit=LONGEST_REQUEST)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                status, body = await self._page(head)
                writer.write(_response(status, body))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            log.debug("a reader of metrics went away or sent no request")
        finally:
            writer.close()

    async def _page(self, head: str) -> tuple[str, bytes]:
        first, *lines = head.split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or words[0] not in ("GET", "HEAD"):
            return "405 Method Not Allowed", b"GET /metrics\n"
        if words[1].partition("?")[0] != "/metrics":
            return "404 Not Found", b"GET /metrics\n"
        if not await asyncio.to_thread(self._may_read, _token(lines)):
            return "401 Unauthorized", b"Send a bearer token.\n"
        text = await asyncio.to_thread(page, self._collectors)
        return "200 OK", b"" if words[0] == "HEAD" else text


def _token(lines: Iterable[str]) -> str:
    for line in lines:
        name, _, value = line.partition(":")
        kind, _, token = value.strip().partition(" ")
        if name.strip().lower() == "authorization" and kind.lower() == "bearer":
            return token.strip()
    return ""


def _response(status: str, body: bytes) -> bytes:
    more = "WWW-Authenticate: Bearer\r\n" if status.startswith("401") else ""
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    ).encode() + body


class MetricsExport:
    """Sends everything to the collector every few seconds; one that is away is waited for."""

    def __init__(
        self, collectors: Iterable[Collector], address: str, token: str, name: str
    ) -> None:
        self._collectors = tuple(collectors)
        self._address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._started = time.time_ns()
        self._resource = {
            "service.name": "control",
            "service.instance.id": f"{name}-{self._started // 1_000_000}",
            "k8s.namespace.name": "meshweb-system",
            "k8s.pod.name": name,
        }

    async def run(self) -> None:
        async with grpc.aio.insecure_channel(self._address) as channel:
            call = channel.unary_unary(EXPORT, bytes, bytes)
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                request = await asyncio.to_thread(self._request)
                try:
                    await call(request, timeout=CALL_SECONDS, metadata=self._metadata)
                except grpc.aio.AioRpcError as error:
                    log.debug("the collector did not take control's metrics: %s", error.code())

    def _request(self) -> bytes:
        every = (metric for one in self._collectors for metric in one.collect())
        return otlp(every, self._resource, self._started, time.time_ns())


def otlp(metrics: Iterable[Metric], resource: dict[str, str], started: int, now: int) -> bytes:
    """An export request. Times are Unix nanoseconds; counters and histograms are cumulative."""
    made = ResourceMetrics()
    made.resource.attributes.extend(_pairs(resource))
    scope = made.scope_metrics.add()
    times = Times(started, now)
    for metric in metrics:
        one = scope.metrics.add(name=metric.name, description=metric.documentation)
        if metric.type == "histogram":
            one.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
            one.histogram.data_points.extend(_histograms(metric.samples, times))
        elif metric.type == "gauge":
            one.gauge.data_points.extend(_numbers(metric.samples, times))
        else:
            one.name = metric.samples[0].name if metric.samples else metric.name
            one.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
            one.sum.is_monotonic = True
            one.sum.data_points.extend(_numbers(metric.samples, times))
    return ExportMetricsServiceRequest(resource_metrics=[made]).SerializeToString()


def _numbers(samples: Iterable[Sample], times: Times) -> Iterable[NumberDataPoint]:
    for one in samples:
        yield NumberDataPoint(
            attributes=_pairs(one.labels),
            as_double=one.value,
            start_time_unix_nano=times.started,
            time_unix_nano=times.now,
        )


def _histograms(samples: Iterable[Sample], times: Times) -> Iterable[HistogramDataPoint]:
    """From Prometheus's cumulative buckets to counts of each."""
    series: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    for one in samples:
        labels = {key: value for key, value in one.labels.items() if key != "le"}
        known = series.setdefault(tuple(labels.items()), {"labels": labels, "buckets": []})
        if one.name.endswith("_bucket"):
            known["buckets"].append((float(one.labels["le"]), int(one.value)))
        else:
            known[one.name.rpartition("_")[2]] = one.value
    for known in series.values():
        buckets = sorted(known["buckets"])
        counts = [count for _, count in buckets]
        yield HistogramDataPoint(
            attributes=_pairs(known["labels"]),
            count=int(known["count"]),
            sum=known["sum"],
            explicit_bounds=[bound for bound, _ in buckets if not math.isinf(bound)],
            bucket_counts=[n - m for n, m in zip(counts, [0, *counts[:-1]], strict=True)],
            start_time_unix_nano=times.started,
            time_unix_nano=times.now,
        )


def _pairs(given: dict[str, str]) -> list[KeyValue]:
    return [KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in given.items()]
