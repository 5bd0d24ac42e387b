"""Prometheus's metrics of a process as OTLP."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    HistogramDataPoint,
    NumberDataPoint,
    ResourceMetrics,
)
from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from telemetry.own.otlp import pairs


@dataclass(frozen=True, slots=True)
class Times:
    """When counting began, and now; Unix nanoseconds."""

    started: int
    now: int


def otlp(metrics: Iterable[Metric], resource: dict[str, str], started: int, now: int) -> bytes:
    """An export request. Times are Unix nanoseconds; counters and histograms are cumulative."""
    made = ResourceMetrics()
    made.resource.attributes.extend(pairs(resource))
    scope = made.scope_metrics.add()
    times = Times(started, now)
    for metric in metrics:
        samples = [one for one in metric.samples if not one.name.endswith("_created")]
        if not samples:
            continue
        one = scope.metrics.add(name=metric.name, description=metric.documentation)
        if metric.type == "histogram":
            one.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
            one.histogram.data_points.extend(_histograms(samples, times))
        elif metric.type == "gauge":
            one.gauge.data_points.extend(_numbers(samples, times))
        else:
            one.name = samples[0].name
            one.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
            one.sum.is_monotonic = True
            one.sum.data_points.extend(_numbers(samples, times))
    return ExportMetricsServiceRequest(resource_metrics=[made]).SerializeToString()


def _numbers(samples: Iterable[Sample], times: Times) -> Iterable[NumberDataPoint]:
    for one in samples:
        yield NumberDataPoint(
            attributes=pairs(one.labels),
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
            attributes=pairs(known["labels"]),
            count=int(known["count"]),
            sum=known["sum"],
            explicit_bounds=[bound for bound, _ in buckets if not math.isinf(bound)],
            bucket_counts=[n - m for n, m in zip(counts, [0, *counts[:-1]], strict=True)],
            start_time_unix_nano=times.started,
            time_unix_nano=times.now,
        )
