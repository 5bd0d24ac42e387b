"""OTLP's attribute lists as plain mappings of text."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from telemetry.ingest.values import NONE, Resource, Types

UNKNOWN = "unknown"
MAX_RESOURCE = 16_384
"""Characters of a resource's attributes: they are repeated in each of its rows."""
CUT = "meshweb.sanitized"
_TYPES = {
    "int_value": "int",
    "double_value": "double",
    "bool_value": "bool",
    "bytes_value": "bytes",
    "array_value": "array",
    "kvlist_value": "map",
}
_NAMES = ("service.", "k8s.")


def text_attributes(pairs: Iterable[Any]) -> dict[str, str]:
    """`KeyValue` messages to text; lists and maps become JSON."""
    # nearly all values are text that is not empty: asking for that first halves the time
    return {pair.key: pair.value.string_value or value_text(pair.value) for pair in pairs}


def typed_attributes(pairs: Iterable[Any], place: str, types: dict[str, str]) -> dict[str, str]:
    """As `text_attributes`; what is not text is noted in `types` under `place` and its key."""
    found = {}
    for pair in pairs:
        value = pair.value
        text = value.string_value
        if not text:
            kind = value.WhichOneof("value")
            if kind is not None and kind != "string_value":
                types[place + pair.key] = _TYPES.get(kind, "")
            text = value_text(value)
        found[pair.key] = text
    return found


def value_text(value: Any) -> str:
    """An `AnyValue` as text; "" for an empty one."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return str(value.string_value)
    if kind is None:
        return ""
    plain = _plain(value)
    return plain if isinstance(plain, str) else orjson.dumps(plain, default=str).decode()


def resource_of(pairs: Iterable[Any]) -> Resource:
    types: dict[str, str] = {}
    return named_resource(typed_attributes(pairs, "resource.", types), types)


def named_resource(attributes: Mapping[str, str], types: Types = NONE) -> Resource:
    """Read the Kubernetes names that proxies and SDKs send. What is over MAX_RESOURCE is left out."""
    attributes = _bounded(attributes)
    service = attributes.get("service.name") or UNKNOWN
    return Resource(
        service=service,
        namespace=attributes.get("k8s.namespace.name")
        or attributes.get("service.namespace")
        or UNKNOWN,
        workload=attributes.get("k8s.deployment.name") or service,
        attributes=attributes,
        types=types,
    )


def _bounded(attributes: Mapping[str, str]) -> Mapping[str, str]:
    """The same object if it is fine; else names come before anything else."""
    if sum(map(len, attributes)) + sum(map(len, attributes.values())) <= MAX_RESOURCE:
        return attributes
    kept = {CUT: "size"}
    room = MAX_RESOURCE
    for key in sorted(attributes, key=lambda key: not key.startswith(_NAMES)):
        size = len(key) + len(attributes[key])
        if size <= room:
            kept[key] = attributes[key]
            room -= size
    return kept


def _plain(value: Any, depth: int = 0) -> Any:
    kind = value.WhichOneof("value")
    if kind is None or depth > 8:
        return ""
    if kind == "array_value":
        return [_plain(item, depth + 1) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _plain(pair.value, depth + 1) for pair in value.kvlist_value.values}
    if kind == "bytes_value":
        return value.bytes_value.hex()
    return getattr(value, kind)
