"""Rate, errors and duration of spans as metrics, named as Jaeger's service performance reads them.

`calls_total` and `duration_milliseconds` by `service_name`, `span_name`, `span_kind` and
`status_code`, cumulative since the collector began; each histogram with its slowest span as exemplar.
Source: OpenTelemetry's span metrics connector.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint, NumberDataPoint

from telemetry.ingest.values import Point, PointExemplar, PointKind, Resource, ResourcePoints, Span

CALLS, DURATION = "calls_total", "duration_milliseconds"
BOUNDS_MS: tuple[float, ...] = (
    2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10_000, 15_000,
)  # fmt: skip
MAX_OPERATIONS = 20_000
"""Of all services; what comes after them is counted as its service's OTHERS."""
OTHERS = "(others)"
TOLD_SECONDS = 300
"""A service that sent nothing for so long is silent."""
FORGET_SECONDS = 3600

_Service = tuple[str, str, str]
"""Namespace, workload, service."""
_Operation = tuple[str, str, str]
"""Name, kind, status."""


@dataclass(slots=True)
class _Sum:
    count: int = 0
    total_ms: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    slowest: PointExemplar | None = None

    def add(self, other: "_Sum") -> None:
        self.count += other.count
        self.total_ms += other.total_ms
        self.buckets = [a + b for a, b in zip(self.buckets, other.buckets, strict=True)]
        if other.slowest and (self.slowest is None or other.slowest.value > self.slowest.value):
            self.slowest = other.slowest


class Tally:
    """The spans of one request, until they are durable."""

    def __init__(self) -> None:
        self.sums: dict[tuple[_Service, _Operation], _Sum] = {}

    def add(self, span: Span) -> None:
        resource = span.resource
        key = (
            (resource.namespace, resource.workload, resource.service),
            (span.name, span.kind, span.status),
        )
        found = self.sums.get(key)
        if found is None:
            found = self.sums[key] = _Sum()
        milliseconds = (span.end_ns - span.start_ns) / 1e6
        found.count += 1
        found.total_ms += milliseconds
        found.buckets[bisect_left(BOUNDS_MS, milliseconds)] += 1
        if found.slowest is None or milliseconds > found.slowest.value:
            labels = {"trace_id": span.trace_id, "span_id": span.span_id}
            found.slowest = PointExemplar(span.end_ns, milliseconds, labels)


@dataclass(slots=True)
class _Told:
    """A service's sums. `keys` are its operations' attributes, as points carry them."""

    heard_at: float = 0.0
    sums: dict[_Operation, _Sum] = field(default_factory=dict)
    keys: dict[_Operation, tuple[bytes, bytes]] = field(default_factory=dict)


class SpanMetrics:
    """All that this collector took in. `instance` names this run of it."""

    def __init__(self, instance: str, *, most: int = MAX_OPERATIONS) -> None:
        self._instance = instance
        self._most = most
        self._size = 0
        self._services: dict[_Service, _Told] = {}

    def take(self, tally: Tally, now: float) -> None:
        """Spans that are durable now (Unix seconds)."""
        for (service, operation), gained in tally.sums.items():
            told = self._services.get(service)
            if told is None:
                if len(self._services) >= self._most:
                    continue
                told = self._services[service] = _Told()
            told.heard_at = now
            self._sum(told, operation).add(gained)

    def _sum(self, told: _Told, operation: _Operation) -> _Sum:
        found = told.sums.get(operation)
        if found is None and self._size >= self._most:
            operation = (OTHERS, *operation[1:])
            found = told.sums.get(operation)
        if found is None:
            self._size += 1
            found = told.sums[operation] = _Sum()
        return found

    def points(self, now: float) -> Iterator[ResourcePoints]:
        """What every service that is heard has counted; each exemplar once."""
        for service in [s for s, told in self._services.items() if _forgotten(told, now)]:
            self._size -= len(self._services.pop(service).sums)
        for service, told in self._services.items():
            if now - told.heard_at <= TOLD_SECONDS:
                yield self._told(service, told)

    def _told(self, service: _Service, told: _Told) -> ResourcePoints:
        namespace, workload, name = service
        points = [
            point
            for operation, one in told.sums.items()
            for point in _points(one, _keys(told, name, operation))
        ]
        instance = f"{self._instance}/spans/{namespace}/{workload}/{name}"
        resource = Resource(name, namespace, workload, {"service.name": name})
        return ResourcePoints(instance, resource, tuple(points), 0)


def _forgotten(told: _Told, now: float) -> bool:
    return now - told.heard_at > FORGET_SECONDS


def _points(one: _Sum, keys: tuple[bytes, bytes]) -> Iterator[Point]:
    exemplars = (one.slowest,) if one.slowest else ()
    one.slowest = None
    yield Point(CALLS, PointKind.COUNTER, keys[0], (one.count,))
    values = (one.count, one.total_ms, *one.buckets)
    yield Point(DURATION, PointKind.HISTOGRAM, keys[1], values, BOUNDS_MS, exemplars)


def _keys(told: _Told, service: str, operation: _Operation) -> tuple[bytes, bytes]:
    found = told.keys.get(operation)
    if found is None:
        name, kind, status = operation
        attributes = [
            KeyValue(key=key, value=AnyValue(string_value=value))
            for key, value in (
                ("service_name", service),
                ("span_kind", f"SPAN_KIND_{kind.upper()}"),
                ("span_name", name),
                ("status_code", f"STATUS_CODE_{status.upper()}"),
            )
        ]
        found = told.keys[operation] = (
            NumberDataPoint(attributes=attributes).SerializeToString(),
            HistogramDataPoint(attributes=attributes).SerializeToString(),
        )
    return found
