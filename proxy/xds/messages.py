"""Envoy's message classes, made from the descriptors of the installed binary."""

from datetime import timedelta
from functools import cache
from threading import RLock
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from proxy.xds import descriptors

TYPE_URL = "type.googleapis.com/"

CLUSTER = f"{TYPE_URL}envoy.config.cluster.v3.Cluster"
ENDPOINTS = f"{TYPE_URL}envoy.config.endpoint.v3.ClusterLoadAssignment"
SECRET = f"{TYPE_URL}envoy.extensions.transport_sockets.tls.v3.Secret"
LISTENER = f"{TYPE_URL}envoy.config.listener.v3.Listener"
ROUTES = f"{TYPE_URL}envoy.config.route.v3.RouteConfiguration"

SHORT_NAMES = {CLUSTER: "CDS", ENDPOINTS: "EDS", SECRET: "SDS", LISTENER: "LDS", ROUTES: "RDS"}
"""In push order: what is referred to comes before what refers to it."""


_making = RLock()
"""Plans and trials are made by threads of their own, and messages of two pools do not mix."""


def pool() -> DescriptorPool:
    with _making:
        return _only_pool()


@cache
def _only_pool() -> DescriptorPool:
    return descriptors.pool(descriptors.installed_binary(), descriptors.default_cache())


@cache
def message(name: str) -> type[Any]:
    """The class of a full name such as "envoy.config.cluster.v3.Cluster".

    Its constructor takes fields as keywords, sub-messages as dicts or messages, enums by name.
    """
    with _making:
        return GetMessageClass(pool().FindMessageTypeByName(name))


def typed(name: str, **fields: Any) -> Message:
    """A message packed into an Any, as every `typed_config` wants it."""
    return packed(message(name)(**fields))


def packed(content: Message) -> Message:
    return packed_bytes(content.DESCRIPTOR.full_name, serialise(content))


def packed_bytes(name: str, content: bytes) -> Message:
    made: Message = message("google.protobuf.Any")(type_url=TYPE_URL + name, value=content)
    return made


def extension(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    """A named extension: `{name, typed_config}` as filters, sockets and loggers are given."""
    return {"name": name, "typed_config": typed(kind, **fields)}


def serialise(content: Message) -> bytes:
    """Equal messages give equal bytes."""
    return content.SerializeToString(deterministic=True)


def duration(milliseconds: float) -> timedelta:
    return timedelta(milliseconds=milliseconds)


def as_dict(content: Message) -> dict[str, Any]:
    """For people: goldens and config dumps."""
    return json_format.MessageToDict(
        content, preserving_proto_field_name=True, descriptor_pool=pool()
    )
