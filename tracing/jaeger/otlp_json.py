"""Spans as OTLP's JSON, the shape of Jaeger's API v3. Fields without a value are left out."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tracing.contracts import Event, Link, Span

Json = dict[str, Any]

_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_STATUSES = {"ok": 1, "error": 2}


def traces_data(spans: Iterable[Span]) -> Json:
    """`TracesData`: spans grouped by resource and scope, in the order in which they come."""
    groups: dict[Any, dict[Any, list[Span]]] = {}
    for span in spans:
        resource = tuple(span.resource.items())
        scope = (span.scope_name, span.scope_version, tuple(span.scope_attributes.items()))
        groups.setdefault(resource, {}).setdefault(scope, []).append(span)
    return {"resourceSpans": [_resource_spans(scopes.values()) for scopes in groups.values()]}


def _resource_spans(scopes: Iterable[list[Span]]) -> Json:
    listed = list(scopes)
    first = listed[0][0]
    resource = {"attributes": attributes(first.resource, "resource.", first.types)}
    return {"resource": _filled(resource), "scopeSpans": [_scope_spans(spans) for spans in listed]}


def _scope_spans(spans: list[Span]) -> Json:
    first = spans[0]
    scope = {
        "name": first.scope_name,
        "version": first.scope_version,
        "attributes": attributes(first.scope_attributes, "scope.", first.types),
    }
    return {"scope": _filled(scope), "spans": [_span(span) for span in spans]}


def _span(span: Span) -> Json:
    status = {"message": span.message, "code": _STATUSES.get(span.status, 0)}
    return _filled(
        {
            "traceId": span.trace_id,
            "spanId": span.span_id,
            "traceState": span.trace_state,
            "parentSpanId": span.parent_id,
            "flags": span.flags,
            "name": span.operation,
            "kind": _KINDS.get(span.kind, 0),
            "startTimeUnixNano": _time(span.start_ns),
            "endTimeUnixNano": _time(span.end_ns),
            "attributes": attributes(span.attributes, "span.", span.types),
            "events": [_event(i, event, span.types) for i, event in enumerate(span.events)],
            "links": [_link(i, link, span.types) for i, link in enumerate(span.links)],
        }
    ) | {"status": _filled(status)}


def _event(index: int, event: Event, types: Mapping[str, str]) -> Json:
    return _filled(
        {
            "timeUnixNano": _time(event.time_ns),
            "name": event.name,
            "attributes": attributes(event.attributes, f"event{index}.", types),
        }
    )


def _link(index: int, link: Link, types: Mapping[str, str]) -> Json:
    return _filled(
        {
            "traceId": link.trace_id,
            "spanId": link.span_id,
            "traceState": link.trace_state,
            "attributes": attributes(link.attributes, f"link{index}.", types),
        }
    )


def attributes(found: Mapping[str, str], place: str, types: Mapping[str, str]) -> list[Json]:
    """`KeyValue`s with the types that the attributes came with."""
    return [
        {"key": key, "value": _value(text, types.get(place + key, ""))}
        for key, text in found.items()
    ]


def _value(text: str, kind: str) -> Json:
    match kind:
        case "int":
            return {"intValue": text}
        case "double":
            return {"doubleValue": json.loads(text) if text != "null" else "NaN"}
        case "bool":
            return {"boolValue": text == "true"}
        case "bytes":
            return {"bytesValue": base64.b64encode(bytes.fromhex(text)).decode()}
        case "array" | "map":
            return _any(json.loads(text))
        case _:
            return {"stringValue": text}


def _any(value: Any) -> Json:
    """What stands within a list or a map."""
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_any(item) for item in value]}}
        case dict():
            pairs = [{"key": key, "value": _any(item)} for key, item in value.items()]
            return {"kvlistValue": {"values": pairs}}
        case _:
            return {"stringValue": str(value)}


def _time(nanoseconds: int) -> str:
    return str(nanoseconds) if nanoseconds else ""


def _filled(document: Json) -> Json:
    return {key: value for key, value in document.items() if value not in ("", 0, [])}
