"""Requests whose text is not UTF-8: protobuf refuses them whole, we replace the bad bytes.

A second set of message classes reads every string field as bytes; the repaired bytes are then
read by the ordinary classes.
"""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

_STRING = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
_BYTES = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES


def repaired(kind: Any, body: bytes) -> Any | None:
    """Parse `body` as `kind` with U+FFFD for what is no UTF-8; None if it is broken otherwise."""
    loose_kind, text_fields = _loose(kind)
    try:
        loose = loose_kind.FromString(body)
        _repair(loose, text_fields)
        return kind.FromString(loose.SerializeToString())
    except DecodeError:
        return None


def _repair(message: Message, text_fields: frozenset[str]) -> None:
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in value if field.is_repeated else (value,):
                _repair(child, text_fields)
        elif field.full_name in text_fields:
            _replace(message, field, value)


def _replace(message: Message, field: FieldDescriptor, value: Any) -> None:
    if field.is_repeated:
        value[:] = [_utf8(item) for item in value]
    else:
        setattr(message, field.name, _utf8(value))


def _utf8(raw: bytes) -> bytes:
    return raw.decode("utf-8", errors="replace").encode()


@cache
def _loose(kind: Any) -> tuple[Any, frozenset[str]]:
    """The message class with bytes for strings, and which fields were strings."""
    pool = descriptor_pool.DescriptorPool()
    text_fields: set[str] = set()
    _add(kind.DESCRIPTOR.file, pool, text_fields, set())
    found = pool.FindMessageTypeByName(kind.DESCRIPTOR.full_name)
    return message_factory.GetMessageClass(found), frozenset(text_fields)


def _add(file: Any, pool: Any, text_fields: set[str], done: set[str]) -> None:
    if file.name in done:
        return
    done.add(file.name)
    for dependency in file.dependencies:
        _add(dependency, pool, text_fields, done)
    proto = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(proto)
    for message in proto.message_type:
        _loosen(message, f"{proto.package}.{message.name}", text_fields)
    pool.AddSerializedFile(proto.SerializeToString())


def _loosen(message: Any, name: str, text_fields: set[str]) -> None:
    for field in message.field:
        if field.type == _STRING:
            field.type = _BYTES
            text_fields.add(f"{name}.{field.name}")
    for nested in message.nested_type:
        _loosen(nested, f"{name}.{nested.name}", text_fields)
