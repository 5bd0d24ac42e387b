"""OTLP requests to plain values. Pure; a request that cannot be read is a `Malformed`."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.ingest.attributes import resource_of, text_attributes, typed_attributes, value_text
from telemetry.ingest.istio import sound
from telemetry.ingest.lenient import repaired
from telemetry.ingest.values import (
    Event,
    Link,
    LogRecord,
    Point,
    PointExemplar,
    PointKind,
    Resource,
    ResourcePoints,
    Span,
)
from telemetry.ingest.wire import MOST, too_many

_Scope = tuple[str, str, dict[str, str], dict[str, str]]
"""Name, version, attributes, and the types of all attributes above a span."""

_KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
_STATUSES = ("Unset", "Ok", "Error")
_CUMULATIVE = 2
_NO_RECORDED_VALUE = 1
MAX_BOUNDS = 256
"""A histogram has no more: each is a series of its own."""
MAX_EXEMPLARS = 32
"""Of one point: SDKs keep one for each bucket."""
MAX_EXEMPLAR_LABELS = 8
MAX_EXEMPLAR_TEXT = 128
REPLACED = "meshweb.replaced_bytes"
"""Set on everything of a request that held text that is not UTF-8."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """The request is no OTLP, and why."""

    reason: str


def decode_spans(body: bytes) -> tuple[Span, ...] | Malformed:
    spans = read_spans(body)
    return spans if isinstance(spans, Malformed) else tuple(spans)


def read_spans(body: bytes) -> Iterator[Span] | Malformed:
    """One at a time, so that who has enough can stop."""
    parsed = _parse(ExportTraceServiceRequest, body)
    return parsed if isinstance(parsed, Malformed) else spans_of(*parsed)


def read_logs(body: bytes) -> Iterator[LogRecord] | Malformed:
    """One at a time, so that who has enough can stop."""
    parsed = _parse(ExportLogsServiceRequest, body)
    return parsed if isinstance(parsed, Malformed) else logs_of(*parsed)


def decode_points(body: bytes) -> tuple[ResourcePoints, ...] | Malformed:
    parsed = _parse(ExportMetricsServiceRequest, body)
    if isinstance(parsed, Malformed):
        return parsed
    return tuple(points_of(parsed[0]))


def _parse(kind: Any, body: bytes) -> tuple[Any, dict[str, str]] | Malformed:
    if too_many(kind, body):
        return Malformed(f"more than {MOST} messages in one request")
    try:
        return kind.FromString(body), {}
    except DecodeError as error:
        whole = repaired(kind, body)
        return (whole, {REPLACED: "true"}) if whole is not None else Malformed(str(error))


def spans_of(message: Any, mark: dict[str, str]) -> Iterator[Span]:
    """The spans of an `ExportTraceServiceRequest`."""
    for resource_spans in message.resource_spans:
        resource = resource_of(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            types = dict(resource.types)
            scope = scope_spans.scope
            attributes = typed_attributes(scope.attributes, "scope.", types)
            for span in scope_spans.spans:
                yield _span(span, resource, (scope.name, scope.version, attributes, types), mark)


def _span(span: Any, resource: Resource, scope: _Scope, mark: dict[str, str]) -> Span:
    status = span.status
    scope_name, version, scope_attributes, types_above = scope
    types: dict[str, str] = {}
    return Span(
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.trace_state,
        span.name,
        _word(_KINDS, span.kind),
        resource,
        scope_name,
        version,
        {**typed_attributes(span.attributes, "span.", types), **mark},
        _word(_STATUSES, status.code),
        status.message,
        tuple(
            Event(e.time_unix_nano, e.name, typed_attributes(e.attributes, f"event{i}.", types))
            for i, e in enumerate(span.events)
        )
        if span.events
        else (),
        tuple(
            Link(
                k.trace_id.hex(),
                k.span_id.hex(),
                typed_attributes(k.attributes, f"link{i}.", types),
                k.trace_state,
            )
            for i, k in enumerate(span.links)
        )
        if span.links
        else (),
        scope_attributes,
        {**types_above, **types} if types_above else types,
        span.flags,
    )


def logs_of(message: Any, mark: dict[str, str]) -> Iterator[LogRecord]:
    """The records of an `ExportLogsServiceRequest`."""
    for resource_logs in message.resource_logs:
        resource = resource_of(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                yield LogRecord(
                    record.time_unix_nano or record.observed_time_unix_nano,
                    record.trace_id.hex(),
                    record.span_id.hex(),
                    record.severity_text,
                    value_text(record.body),
                    resource,
                    {**text_attributes(record.attributes), **mark},
                )


def points_of(message: Any) -> Iterator[ResourcePoints]:
    """The points of an `ExportMetricsServiceRequest`. Takes the message apart: use it once.

    Only cumulative sums and histograms, and gauges, are taken; the others are counted in
    `refused`, as are histograms whose buckets do not fit their bounds, and counts that are none.
    """
    for resource_metrics in message.resource_metrics:
        resource = resource_of(resource_metrics.resource.attributes)
        points: list[Point] = []
        refused = 0
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                taken, left = _points(metric)
                countable = [point for point in taken if sound(point)]
                points += countable
                refused += left + len(taken) - len(countable)
        yield ResourcePoints(_instance(resource), resource, tuple(points), refused)


def _points(metric: Any) -> tuple[list[Point], int]:
    what = metric.WhichOneof("data")
    if what == "gauge":
        return _numbers(metric.name, PointKind.GAUGE, metric.gauge.data_points), 0
    data = getattr(metric, what) if what in ("sum", "histogram") else None
    if data is None or data.aggregation_temporality != _CUMULATIVE:
        return [], len(getattr(metric, what).data_points) if what else 0
    if what == "sum":
        kind = PointKind.COUNTER if data.is_monotonic else PointKind.GAUGE
        return _numbers(metric.name, kind, data.data_points), 0
    return _histograms(metric.name, data.data_points)


def _numbers(name: str, kind: PointKind, points: Any) -> list[Point]:
    taken = []
    for point in points:
        if point.flags & _NO_RECORDED_VALUE:
            continue
        which = point.WhichOneof("value")
        value = getattr(point, which) if which else 0
        if value != value:  # noqa: PLR0124  NaN; its payload might be Prometheus's mark of an end
            value = math.nan
        # what is left after clearing is the attributes: their bytes are the cache key
        point.ClearField("value") if which is None else point.ClearField(which)
        point.ClearField("time_unix_nano")
        point.ClearField("start_time_unix_nano")
        exemplars = _exemplars(point.exemplars) if point.exemplars else ()
        point.ClearField("exemplars")
        key = point.SerializeToString()
        taken.append(Point(name, kind, key, (value,), exemplars=exemplars))
    return taken


def _exemplars(given: Any) -> tuple[PointExemplar, ...]:
    """As Prometheus names them; those whose value is no number are left out."""
    found = []
    for one in given[:MAX_EXEMPLARS]:
        value = float(one.as_int if one.WhichOneof("value") == "as_int" else one.as_double)
        if not math.isfinite(value):
            continue
        labels = text_attributes(one.filtered_attributes[:MAX_EXEMPLAR_LABELS])
        if len(one.trace_id) == 16:
            labels["trace_id"] = one.trace_id.hex()
        if len(one.span_id) == 8:
            labels["span_id"] = one.span_id.hex()
        short = {key[:MAX_EXEMPLAR_TEXT]: text[:MAX_EXEMPLAR_TEXT] for key, text in labels.items()}
        found.append(PointExemplar(one.time_unix_nano, value, short))
    return tuple(found)


def _histograms(name: str, points: Any) -> tuple[list[Point], int]:
    taken = []
    refused = 0
    for point in points:
        if point.flags & _NO_RECORDED_VALUE:
            continue
        bounds = tuple(point.explicit_bounds)
        counts = tuple(point.bucket_counts)
        if not _fitting(bounds, counts):
            refused += 1
            continue
        values = (point.count, point.sum, *counts)
        exemplars = _exemplars(point.exemplars) if point.exemplars else ()
        for field in _HISTOGRAM_FIELDS:
            point.ClearField(field)
        key = point.SerializeToString()
        taken.append(Point(name, PointKind.HISTOGRAM, key, values, bounds, exemplars))
    return taken, refused


def _fitting(bounds: tuple[float, ...], counts: tuple[int, ...]) -> bool:
    """Neither, or finite ascending bounds and one bucket more."""
    if not counts:
        return not bounds
    if len(bounds) > MAX_BOUNDS or len(counts) != len(bounds) + 1:
        return False
    if not all(map(math.isfinite, bounds)):
        return False
    return all(low < high for low, high in pairwise(bounds))


_HISTOGRAM_FIELDS = (
    "time_unix_nano", "start_time_unix_nano", "count", "sum", "min", "max", "bucket_counts",
    "explicit_bounds", "exemplars",
)  # fmt: skip


def _instance(resource: Resource) -> str:
    given = resource.attributes.get("service.instance.id", "")
    if given and len(given) <= 200:
        return given
    text = "\0".join(f"{k}={v}" for k, v in sorted(resource.attributes.items()))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _word(words: tuple[str, ...], number: int) -> str:
    return words[number] if 0 <= number < len(words) else words[0]
