"""Spans as the JSON of Jaeger's user interface, the shape of its API v1.

How OpenTelemetry's fields become tags: https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracing.contracts import Event, Link, Span

Json = dict[str, Any]

_TYPES = {"int": "int64", "double": "float64", "bool": "bool", "bytes": "binary"}
_FOLLOWS_FROM = "follows_from"
_REFERENCE_KIND = "opentracing.ref_type"
_NO_SERVICE = "OTLPResourceNoServiceName"
_MAX_SAFE = 2**53 - 1
"""Larger whole numbers lose digits in a browser: they are sent as text."""
SERVICE = "service.name"


def answer(data: Any, *, total: int = 0) -> Json:
    """What Jaeger puts around every answer of its API v1."""
    return {"data": data, "total": total, "limit": 0, "offset": 0, "errors": None}


def refusal(status: int, message: str) -> Json:
    """The same for an error."""
    return {**answer(None), "errors": [{"code": status, "msg": message}]}


def trace(trace_id: str, spans: Sequence[Span]) -> Json:
    """One trace; processes are numbered in the order in which their spans come."""
    names: dict[tuple[tuple[str, str], ...], str] = {}
    processes: Json = {}
    found = []
    for span in spans:
        key = tuple(span.resource.items())
        name = names.get(key)
        if name is None:
            name = names[key] = f"p{len(names) + 1}"
            processes[name] = _process(span)
        found.append(_span(span, name))
    return {"traceID": trace_id, "spans": found, "processes": processes, "warnings": None}


def traces(spans: Iterable[Span]) -> list[Json]:
    """Spans of several traces, each in the order in which they come."""
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    return [trace(trace_id, listed) for trace_id, listed in by_trace.items()]


def _process(span: Span) -> Json:
    rest = {key: value for key, value in span.resource.items() if key != SERVICE}
    return {
        "serviceName": span.resource.get(SERVICE) or _NO_SERVICE,
        "tags": tags(rest, "resource.", span.types),
    }


def _span(span: Span, process: str) -> Json:
    start = span.start_ns // 1000
    return {
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.operation,
        "references": _references(span),
        "startTime": start,
        "duration": span.duration_ns // 1000,
        "tags": _span_tags(span),
        "logs": [_log(i, event, span.types) for i, event in enumerate(span.events)],
        "processID": process,
        "warnings": None,
    }


def _references(span: Span) -> list[Json]:
    parent = [_reference("CHILD_OF", span.trace_id, span.parent_id)] if span.parent_id else []
    return parent + [
        _reference(_reference_kind(link), link.trace_id, link.span_id)
        for link in span.links
        if (link.trace_id, link.span_id) != (span.trace_id, span.parent_id)
    ]


def _reference_kind(link: Link) -> str:
    kind = link.attributes.get(_REFERENCE_KIND, _FOLLOWS_FROM)
    return "CHILD_OF" if kind == "child_of" else "FOLLOWS_FROM"


def _reference(kind: str, trace_id: str, span_id: str) -> Json:
    return {"refType": kind, "traceID": trace_id, "spanID": span_id}


def _span_tags(span: Span) -> list[Json]:
    found = []
    if span.scope_name:
        found.append(_text("otel.scope.name", span.scope_name))
    if span.scope_version:
        found.append(_text("otel.scope.version", span.scope_version))
    found += tags(span.attributes, "span.", span.types)
    if span.kind != "unspecified":
        found.append(_text("span.kind", span.kind))
    if span.status != "unset":
        found.append(_text("otel.status_code", span.status.upper()))
    if span.status == "error":
        found.append({"key": "error", "type": "bool", "value": True})
    if span.message:
        found.append(_text("otel.status_description", span.message))
    if span.trace_state:
        found.append(_text("w3c.tracestate", span.trace_state))
    return found


def _log(index: int, event: Event, types: Mapping[str, str]) -> Json:
    fields = tags(event.attributes, f"event{index}.", types)
    if event.name and "event" not in event.attributes:
        fields.insert(0, _text("event", event.name))
    return {"timestamp": event.time_ns // 1000, "fields": fields}


def tags(found: Mapping[str, str], place: str, types: Mapping[str, str]) -> list[Json]:
    """Jaeger knows text, whole and other numbers, truth values and bytes; the rest is JSON text."""
    return [_tag(key, text, types.get(place + key, "")) for key, text in found.items()]


def _tag(key: str, text: str, kind: str) -> Json:
    if kind not in _TYPES:
        return _text(key, text)
    return {"key": key, "type": _TYPES[kind], "value": _value(text, kind)}


def _value(text: str, kind: str) -> Any:
    if kind == "bytes":
        return base64.b64encode(bytes.fromhex(text)).decode()
    value = json.loads(text)
    if value is None:
        return "NaN"
    return text if kind == "int" and abs(value) > _MAX_SAFE else value


def _text(key: str, value: str) -> Json:
    return {"key": key, "type": "string", "value": value}
