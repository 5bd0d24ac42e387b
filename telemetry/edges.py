"""`EdgeSecond` as it travels over the broker: one JSON document, fields in the order of the contract."""

import zlib
from dataclasses import fields
from operator import attrgetter

import orjson

from telemetry.contracts import EdgeCount, EdgeKey, EdgeSecond, Reporter

_KEY_FIELDS = tuple(f.name for f in fields(EdgeKey))
_COUNT_FIELDS = tuple(f.name for f in fields(EdgeCount))
_key_values = attrgetter(*_KEY_FIELDS)  # astuple copies deeply, at ten times the price
_count_values = attrgetter(*_COUNT_FIELDS)


def encode(second: EdgeSecond) -> bytes:
    """`{"collector", "second", "edges": [[[key...], [count...]], ...]}`."""
    edges = [(_key_values(key), _count_values(count)) for key, count in second.edges]
    return orjson.dumps({"collector": second.collector, "second": second.second, "edges": edges})


def decode(text: bytes | str) -> EdgeSecond:
    """Undo `encode`. Raises ValueError for anything else."""
    try:
        document = orjson.loads(text)
        edges = tuple((_key(key), _count(count)) for key, count in document["edges"])
        return EdgeSecond(collector=document["collector"], second=document["second"], edges=edges)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an EdgeSecond: {error!r}") from error


def pack(second: EdgeSecond) -> bytes:
    """What an entry of the broker's stream holds: keys repeat every second, so it is compressed."""
    return zlib.compress(encode(second), 1)


def unpack(packed: bytes) -> EdgeSecond:
    """Undo `pack`. Raises ValueError for anything else."""
    try:
        return decode(zlib.decompress(packed))
    except zlib.error as error:
        raise ValueError(f"not a packed EdgeSecond: {error}") from error


def _key(values: list[str]) -> EdgeKey:
    named = dict(zip(_KEY_FIELDS, values, strict=True))
    return EdgeKey(**{**named, "reporter": Reporter(named["reporter"])})  # type: ignore[arg-type]


def _count(values: list[int | float | list[int]]) -> EdgeCount:
    named = dict(zip(_COUNT_FIELDS, values, strict=True))
    return EdgeCount(**{**named, "duration_buckets": tuple(named["duration_buckets"])})  # type: ignore[arg-type]
