"""Small parts that many messages have."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message

from proxy.xds.messages import message
from routing.ir import HeaderChange, Origin

Fields = dict[str, Any]
"""A message before it is made: field names to values, messages or further Fields."""

METADATA = "meshweb"
"""The namespace of our own metadata on routes, clusters and endpoints."""


def address(host: str, port: int) -> Fields:
    """A host that begins with unix:// is a socket's path, and has no port."""
    if host.startswith("unix://"):
        return {"pipe": {"path": host.removeprefix("unix://")}}
    return {"socket_address": {"address": host, "port_value": port}}


def number(value: int) -> Fields:
    """A wrapped number (`UInt32Value` and its kin)."""
    return {"value": value}


def struct(pairs: Mapping[str, str]) -> Message:
    """A `google.protobuf.Struct` of strings; empty ones are left out."""
    made: Message = message("google.protobuf.Struct")(
        fields={key: {"string_value": value} for key, value in pairs.items() if value}
    )
    return made


def metadata(**namespaces: Mapping[str, str]) -> Fields:
    return {"filter_metadata": {name: struct(pairs) for name, pairs in namespaces.items()}}


def told(origin: Origin | None) -> str:
    """Where a part came from, as findings write it: "VirtualService shop/payments spec.http[0]"."""
    return f"{origin.resource} {origin.path}".rstrip() if origin else ""


def service_host(name: str, namespace: str) -> str:
    """The full host of a mesh service; an external service's name is its host already."""
    return f"{name}.{namespace}.svc.cluster.local" if namespace and "." not in name else name


def header_change(change: HeaderChange, *, kind: str) -> Fields:
    """`kind` is "request" or "response"; the field names of routes, hosts and weights."""
    made: Fields = {}
    changes = [_header(name, value, "OVERWRITE_IF_EXISTS_OR_ADD") for name, value in change.set] + [
        _header(name, value, "APPEND_IF_EXISTS_OR_ADD") for name, value in change.add
    ]
    if changes:
        made[f"{kind}_headers_to_add"] = changes
    if change.remove:
        made[f"{kind}_headers_to_remove"] = list(change.remove)
    return made


def _header(name: str, value: str, action: str) -> Fields:
    return {
        "header": {"key": name, "value": value},
        "append_action": action,
        "keep_empty_value": True,
    }
