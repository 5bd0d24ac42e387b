"""Values as rows of the store's tables, in the order of their columns."""

from collections.abc import Mapping
from struct import Struct

from telemetry.ingest.values import LogRecord, Span

SPAN_COLUMNS = (
    "Timestamp", "TraceId", "SpanId", "ParentSpanId", "TraceState", "SpanName", "SpanKind",
    "ServiceName", "Namespace", "Workload", "ResourceAttributes", "ScopeName", "ScopeVersion",
    "SpanAttributes", "Duration", "StatusCode", "StatusMessage", "Events", "Links",
    "ScopeAttributes", "Types", "Flags", "LinkStates",
)  # fmt: skip
LOG_COLUMNS = (
    "Timestamp", "TraceId", "SpanId", "Severity", "Body", "ServiceName", "Namespace", "Workload",
    "ResourceAttributes", "LogAttributes",
)  # fmt: skip
SERIES_COLUMNS = ("id", "name", "labels", "last_seen")
SAMPLE_COLUMNS = ("id", "t", "v")
EXEMPLAR_COLUMNS = ("id", "t", "v", "labels")
pack_sample = Struct("<Qqd").pack
"""A sample in RowBinary: its series' id, milliseconds, the value."""
METADATA_COLUMNS = ("name", "type", "unit", "help", "last_seen")


def span_row(span: Span) -> tuple[object, ...]:
    resource = span.resource
    return (
        moment(span.start_ns),
        span.trace_id,
        span.span_id,
        span.parent_id,
        span.trace_state,
        span.name,
        span.kind,
        resource.service,
        resource.namespace,
        resource.workload,
        resource.attributes,
        span.scope_name,
        span.scope_version,
        span.attributes,
        span.end_ns - span.start_ns,
        span.status,
        span.message,
        [
            {"Timestamp": moment(e.time_ns), "Name": e.name, "Attributes": e.attributes}
            for e in span.events
        ],
        [
            {"TraceId": k.trace_id, "SpanId": k.span_id, "Attributes": k.attributes}
            for k in span.links
        ],
        _plain(span.scope_attributes),
        _plain(span.types),
        span.flags,
        [k.trace_state for k in span.links],
    )


def log_row(record: LogRecord) -> tuple[object, ...]:
    resource = record.resource
    return (
        moment(record.time_ns),
        record.trace_id,
        record.span_id,
        record.severity,
        record.body,
        resource.service,
        resource.namespace,
        resource.workload,
        resource.attributes,
        record.attributes,
    )


def _plain(mapping: Mapping[str, str]) -> Mapping[str, str]:
    """As the encoder takes it: it knows dictionaries, not their read-only views."""
    return mapping or {}


def moment(nanoseconds: int) -> str:
    """Unix nanoseconds as ClickHouse reads a DateTime64(9)."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{seconds}.{rest:09d}"
