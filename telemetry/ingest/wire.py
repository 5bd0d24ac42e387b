"""How many messages a protobuf body holds, counted before it is parsed.

An empty message is two bytes on the wire and a hundred times that in memory, so a body's size says
little. Bodies of up to SMALL bytes cannot hold too many.
"""

from functools import cache
from typing import Any

SMALL = 1 << 20
MOST = SMALL // 2
"""Messages, and repeated texts, of one body."""
_Fields = dict[int, "_Kind"]


class _Kind:
    """A message's fields that count; of those that are messages themselves, their own."""

    __slots__ = ("fields",)

    def __init__(self) -> None:
        self.fields: _Fields = {}


_LEAF = _Kind()


def too_many(kind: Any, body: bytes) -> bool:
    """Does it hold more than MOST? What is broken is the parser's to tell."""
    return len(body) > SMALL and _count(body, _kind(kind.DESCRIPTOR)) > MOST


def _count(body: bytes, kind: _Kind) -> int:
    """Stops behind MOST."""
    found = 0
    left = [(0, len(body), kind)]
    while left:
        at, end, kind = left.pop()
        fields = kind.fields
        while at < end:
            try:
                tag, at = _varint(body, at)
                wire = tag & 7
                if wire == 2:
                    size, at = _varint(body, at)
                    of = fields.get(tag >> 3)
                    if of is not None:
                        found += 1
                        if found > MOST:
                            return found
                        if of.fields and size:
                            left.append((at, min(at + size, end), of))
                    at += size
                elif wire == 0:
                    _, at = _varint(body, at)
                elif wire in (1, 5):
                    at += 8 if wire == 1 else 4
                else:
                    break
            except IndexError:
                break
    return found


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """Raises IndexError at the end."""
    byte = body[at]
    if byte < 0x80:
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = body[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
        if shift > 63:
            raise IndexError


@cache
def _kind(descriptor: Any) -> _Kind:
    known: dict[str, _Kind] = {}
    return _of(descriptor, known)


def _of(descriptor: Any, known: dict[str, _Kind]) -> _Kind:
    """Messages may hold their own kind."""
    if descriptor.full_name in known:
        return known[descriptor.full_name]
    kind = known[descriptor.full_name] = _Kind()
    for field in descriptor.fields:
        if field.message_type is not None:
            kind.fields[field.number] = _of(field.message_type, known)
        elif field.is_repeated and field.type in (field.TYPE_BYTES, field.TYPE_STRING):
            kind.fields[field.number] = _LEAF
    return kind
