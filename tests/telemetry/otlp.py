"""OTLP requests to send in tests."""

import os
import time
from collections.abc import Mapping

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

RESOURCE = {
    "service.name": "payments",
    "k8s.namespace.name": "shop",
    "k8s.deployment.name": "payments-v2",
    "k8s.pod.name": "payments-v2-abc",
    "service.instance.id": "uid-1",
}


def pairs(attributes: Mapping[str, str]) -> list[KeyValue]:
    return [KeyValue(key=k, value=AnyValue(string_value=v)) for k, v in attributes.items()]


def span(
    name: str = "GET /",
    *,
    trace_id: bytes = b"",
    span_id: bytes = b"",
    parent_id: bytes = b"",
    start_ns: int = 0,
    duration_ns: int = 5_000_000,
    kind: int = 2,
    error: bool = False,
    attributes: Mapping[str, str] | None = None,
) -> Span:
    start = start_ns or time.time_ns()
    made = Span(
        trace_id=trace_id or os.urandom(16),
        span_id=span_id or os.urandom(8),
        parent_span_id=parent_id,
        name=name,
        kind=kind,  # type: ignore[arg-type]
        start_time_unix_nano=start,
        end_time_unix_nano=start + duration_ns,
        attributes=pairs(attributes or {}),
    )
    if error:
        made.status.code = 2  # type: ignore[assignment]
    return made


def trace_request(
    *spans: Span, resource: Mapping[str, str] | None = None
) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(pairs(RESOURCE if resource is None else resource))
    group.scope_spans.add().spans.extend(spans)
    return request


def log_request(body: str, trace_id: bytes = b"") -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.extend(pairs(RESOURCE))
    record = group.scope_logs.add().log_records.add()
    record.time_unix_nano = time.time_ns()
    record.trace_id = trace_id
    record.body.string_value = body
    return request


def requests_total(
    value: int,
    *,
    instance: str = "uid-1",
    tags: Mapping[str, str] | None = None,
    temporality: int = 2,
) -> ExportMetricsServiceRequest:
    """`istio.requests_total` of one series."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(pairs({**RESOURCE, "service.instance.id": instance}))
    metric = group.scope_metrics.add().metrics.add()
    metric.name = "istio.requests_total"
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = temporality  # type: ignore[assignment]
    point = metric.sum.data_points.add()
    point.as_int = value
    point.time_unix_nano = time.time_ns()
    point.attributes.extend(pairs({"reporter": "source", **(tags or {})}))
    return request
