"""Where Prometheus places a label set between 0 and 1: its XXH64 over the labels' bytes."""

import struct
from collections.abc import Sequence

from metrics.promql.labels import Labels

_FULL = 0xFFFFFFFFFFFFFFFF
_PRIMES = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
    0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5,
)  # fmt: skip


def place(labels: Labels) -> float:
    return xxh64(encoded(labels)) / _FULL


def encoded(labels: Labels) -> bytes:
    """Each text after its length: one byte below 255, else 255 and three bytes."""
    parts: list[bytes] = []
    for pair in labels:
        for text in pair:
            raw = text.encode("utf-8", "surrogateescape")
            small = len(raw) < 255
            parts += [bytes([len(raw)]) if small else b"\xff" + len(raw).to_bytes(3, "little"), raw]
    return b"".join(parts)


def xxh64(data: bytes) -> int:
    """The XXH64 checksum with seed 0, as its specification says."""
    first, second, _, _, fifth = _PRIMES
    at = 0
    if len(data) >= 32:
        lanes = [first + second & _FULL, second, 0, -first & _FULL]
        while at + 32 <= len(data):
            words = struct.unpack_from("<4Q", data, at)
            lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
            at += 32
        total = _merged(lanes)
    else:
        total = fifth
    return _finished((total + len(data)) & _FULL, data[at:])


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _FULL


def _round(lane: int, word: int) -> int:
    return _turned((lane + word * _PRIMES[1]) & _FULL, 31) * _PRIMES[0] & _FULL


def _merged(lanes: Sequence[int]) -> int:
    total = sum(_turned(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True))
    total &= _FULL
    for lane in lanes:
        total = ((total ^ _round(0, lane)) * _PRIMES[0] + _PRIMES[3]) & _FULL
    return total


def _finished(total: int, rest: bytes) -> int:
    first, second, third, fourth, fifth = _PRIMES
    at = 0
    while at + 8 <= len(rest):
        (word,) = struct.unpack_from("<Q", rest, at)
        total = (_turned(total ^ _round(0, word), 27) * first + fourth) & _FULL
        at += 8
    if at + 4 <= len(rest):
        (half,) = struct.unpack_from("<I", rest, at)
        total = (_turned(total ^ half * first & _FULL, 23) * second + third) & _FULL
        at += 4
    for byte in rest[at:]:
        total = _turned(total ^ byte * fifth & _FULL, 11) * first & _FULL
    total = (total ^ total >> 33) * second & _FULL
    total = (total ^ total >> 29) * third & _FULL
    return total ^ total >> 32
