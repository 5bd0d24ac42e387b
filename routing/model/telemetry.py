"""Telemetry: what proxies tell of what they do."""

from dataclasses import dataclass

from routing.ir import AccessLog, SpanTag
from routing.model.metadata import Metadata
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingWish:
    """None is not said here: a wider one decides."""

    percent: float | None = None
    spans: bool | None = None
    tags: tuple[SpanTag, ...] | None = None
    by_request_id: bool | None = None
    istio_tags: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricWish:
    """`metric` "" is every metric; a tag's expression None takes it away."""

    metric: str = ""
    disabled: bool | None = None
    tags: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """`client` parts are for what a proxy sends, `server` parts for what it takes; None (or none) is
    not said here. `targets` are Gateways of the Gateway API; None: `selector` decides."""

    metadata: Metadata
    selector: Labels = ()
    targets: tuple[str, ...] | None = None
    client: AccessLog | None = None
    server: AccessLog | None = None
    client_tracing: TracingWish = TracingWish()
    server_tracing: TracingWish = TracingWish()
    client_metrics: tuple[MetricWish, ...] = ()
    server_metrics: tuple[MetricWish, ...] = ()
