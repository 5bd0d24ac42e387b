"""Protobuf's wire format, as far as framing goes: to put ready bytes together without parsing."""

from collections.abc import Iterable


def varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field: a string, bytes or message."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def text(number: int, content: str) -> bytes:
    return field(number, content.encode()) if content else b""


def any_of(type_url: str, value: bytes) -> bytes:
    """A serialised `google.protobuf.Any`."""
    return text(1, type_url) + field(2, value)


def resource(name: str, version: str, type_url: str, value: bytes) -> bytes:
    """An `envoy.service.discovery.v3.Resource`, as the field of a delta response that it will be."""
    return field(2, text(3, name) + text(1, version) + field(2, any_of(type_url, value)))


def delta_response(type_url: str, resources: Iterable[bytes], removed: Iterable[str]) -> bytes:
    """A serialised `DeltaDiscoveryResponse` but for its nonce, which `nonce` makes to be appended."""
    return b"".join([text(4, type_url), *resources, *(text(6, name) for name in removed)])


def nonce(value: str) -> bytes:
    return text(5, value)
