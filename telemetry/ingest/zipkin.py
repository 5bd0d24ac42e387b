"""Zipkin's JSON (version 2) to our spans. https://zipkin.io/zipkin-api/zipkin2-api.yaml

Names follow OpenTelemetry's translation of Zipkin.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from telemetry.ingest.attributes import named_resource
from telemetry.ingest.decode import Malformed
from telemetry.ingest.json_form import MAX_VALUES, many_values
from telemetry.ingest.values import Event, Resource, Span

_KINDS = {"CLIENT", "SERVER", "PRODUCER", "CONSUMER"}
_HEX = frozenset("0123456789abcdef")
_US = 1000
_MAX_US = 1 << 53

Json = dict[str, Any]


def spans_of_zipkin(body: bytes) -> Iterator[Span] | Malformed:
    """A list of spans. Malformed if one of them is no span at all: then none is taken."""
    if many_values(body):
        return Malformed(f"more than {MAX_VALUES} values in one request")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return Malformed(f"no JSON: {error}")
    if not isinstance(found, list):
        return Malformed("expected a list of spans")
    for index, span in enumerate(found):
        wrong = _wrong(span)
        if wrong:
            return Malformed(f"[{index}]{wrong}")
    resources: dict[str, Resource] = {}
    return (_span(span, resources) for span in found)


def _wrong(span: Any) -> str:
    """The path within the span and what is wrong there; "" where it can be read."""
    if not isinstance(span, dict):
        return ": expected a span"
    for name, lengths in (("traceId", (16, 32)), ("id", (16,)), ("parentId", (16,))):
        value = span.get(name)
        if value is None and name == "parentId":
            continue
        if not isinstance(value, str) or len(value) not in lengths or not set(value) <= _HEX:
            sizes = " or ".join(map(str, lengths))
            return f".{name}: expected {sizes} lower-case hex digits"
    for name in ("timestamp", "duration"):
        value = span.get(name, 0)
        if type(value) is not int or not 0 <= value <= _MAX_US:
            return f".{name}: expected microseconds"
    for name, kind in _SHAPES:
        if not isinstance(span.get(name), kind | None):
            return f".{name}: expected {kind.__name__}"
    return ""


_SHAPES = (
    ("tags", dict),
    ("annotations", list),
    ("localEndpoint", dict),
    ("remoteEndpoint", dict),
    ("name", str),
    ("kind", str),
)


def _span(span: Json, resources: dict[str, Resource]) -> Span:
    attributes = {str(k): _text(v) for k, v in (span.get("tags") or {}).items()}
    attributes |= _remote(span.get("remoteEndpoint") or {})
    error = attributes.pop("error", None)
    status = attributes.pop("otel.status_code", "")
    kind = span.get("kind") or ""
    start = span.get("timestamp", 0) * _US
    return Span(
        start_ns=start,
        end_ns=start + span.get("duration", 0) * _US,
        trace_id=span["traceId"].zfill(32),
        span_id=span["id"],
        parent_id=span.get("parentId") or "",
        trace_state="",
        name=span.get("name") or "",
        kind=kind.capitalize() if kind in _KINDS else "Unspecified",
        resource=_resource(span.get("localEndpoint") or {}, resources),
        scope_name=attributes.pop("otel.scope.name", ""),
        scope_version=attributes.pop("otel.scope.version", ""),
        attributes=attributes,
        status=_status(status, error),
        message=error if error not in (None, "true", "false") else "",
        events=tuple(
            Event(_moment(one), _text(one.get("value", "")), {})
            for one in span.get("annotations") or ()
            if isinstance(one, dict)
        ),
    )


def _status(said: str, error: str | None) -> str:
    if said in ("OK", "ERROR"):
        return said.capitalize()
    return "Error" if error not in (None, "false") else "Unset"


def _resource(endpoint: Json, resources: dict[str, Resource]) -> Resource:
    service = _text(endpoint.get("serviceName") or "")
    if service not in resources:
        resources[service] = named_resource({"service.name": service} if service else {})
    return resources[service]


def _remote(endpoint: Json) -> dict[str, str]:
    address = endpoint.get("ipv4") or endpoint.get("ipv6")
    found = {
        "peer.service": endpoint.get("serviceName"),
        "net.peer.ip": address,
        "net.peer.port": endpoint.get("port"),
    }
    return {key: _text(value) for key, value in found.items() if value}


def _moment(annotation: Json) -> int:
    value = annotation.get("timestamp", 0)
    return value * _US if type(value) is int and 0 <= value <= _MAX_US else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
