"""OTLP JSON to the JSON of Jaeger's user interface, without the store (`POST /api/transform`)."""

from collections.abc import Iterable

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.ingest import values
from telemetry.ingest.decode import Malformed, decode_spans
from telemetry.ingest.json_form import protobuf_of_json
from tracing.contracts import Event, Link, Span


def spans_of_otlp_json(document: bytes) -> list[Span] | Malformed:
    """As they stand there: nothing is repaired, nothing left out."""
    body = protobuf_of_json(ExportTraceServiceRequest, document)
    spans = body if isinstance(body, Malformed) else decode_spans(body)
    return spans if isinstance(spans, Malformed) else _read(spans)


def _read(spans: Iterable[values.Span]) -> list[Span]:
    return [
        Span(
            span_id=one.span_id,
            parent_id=one.parent_id,
            service=one.resource.service,
            namespace=one.resource.namespace,
            workload=one.resource.workload,
            operation=one.name,
            kind=one.kind.lower(),
            start_ns=one.start_ns,
            duration_ns=one.end_ns - one.start_ns,
            status=one.status.lower(),
            attributes=one.attributes,
            message=one.message,
            trace_state=one.trace_state,
            flags=one.flags,
            resource=one.resource.attributes,
            scope_name=one.scope_name,
            scope_version=one.scope_version,
            scope_attributes=one.scope_attributes,
            events=tuple(
                Event(time_ns=e.time_ns, name=e.name, attributes=e.attributes) for e in one.events
            ),
            links=tuple(
                Link(
                    trace_id=k.trace_id,
                    span_id=k.span_id,
                    trace_state=k.trace_state,
                    attributes=k.attributes,
                )
                for k in one.links
            ),
            types=one.types,
            trace_id=one.trace_id,
        )
        for one in spans
    ]
