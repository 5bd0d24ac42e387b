"""Protobuf's wire format, as far as framing goes: to put ready bytes together without parsing."""

from collections.abc import Iterable, Sequence


def varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def opening(number: int, size: int) -> bytes:
    """What stands before the content of a length-delimited field."""
    return varint(number << 3 | 2) + varint(size)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field: a string, bytes or message."""
    return opening(number, len(content)) + content


def text(number: int, content: str) -> bytes:
    return field(number, content.encode()) if content else b""


def resource(name: str, version: str, type_url: str, parts: Sequence[bytes]) -> bytes:
    """An `envoy.service.discovery.v3.Resource`, as the field of a delta response that it will be.

    Its content, given in parts, is copied once: it may be a megabyte.
    """
    size = sum(map(len, parts))
    content = text(1, type_url) + opening(2, size)
    head = text(3, name) + text(1, version) + opening(2, len(content) + size) + content
    return b"".join((opening(2, len(head) + size), head, *parts))


def delta_response(
    type_url: str, resources: Iterable[bytes], removed: Iterable[str], nonce: str
) -> bytes:
    """A serialised `DeltaDiscoveryResponse`."""
    gone = (text(6, name) for name in removed)
    return b"".join([text(4, type_url), *resources, *gone, text(5, nonce)])
