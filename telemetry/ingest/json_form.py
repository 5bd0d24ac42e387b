"""OTLP's JSON form: protobuf's JSON, but with ids in hex."""

import base64
import binascii
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message

from telemetry.ingest.decode import Malformed

MAX_VALUES = 500_000
"""Objects, lists and what stands between commas."""
_IDS = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})


def protobuf_of_json(kind: Any, body: bytes) -> bytes | Malformed:
    """Translate a JSON request of message class `kind` to its protobuf bytes."""
    if many_values(body):
        return Malformed(f"more than {MAX_VALUES} values in one request")
    try:
        document = _with_base64_ids(orjson.loads(body))
        message: Message = json_format.ParseDict(document, kind(), ignore_unknown_fields=True)
        return message.SerializeToString()
    except (orjson.JSONDecodeError, json_format.ParseError, binascii.Error, ValueError) as error:
        return Malformed(str(error)[:500])
    except RecursionError:
        return Malformed("nested too deeply")
    except (AttributeError, TypeError) as error:  # ParseDict on a wrong shape
        return Malformed(f"not an OTLP document: {error}"[:500])


def many_values(body: bytes) -> bool:
    """More than a document of that size has: each becomes a hundred bytes and takes its time."""
    return sum(map(body.count, (b"{", b"[", b","))) > MAX_VALUES


def _with_base64_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_base64_ids(item) for item in value]
    if isinstance(value, dict):
        return {
            key: _base64_of_hex(key, item)
            if key in _IDS and isinstance(item, str)
            else _with_base64_ids(item)
            for key, item in value.items()
        }
    return value


def _base64_of_hex(key: str, text: str) -> str:
    """Raises ValueError."""
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except ValueError:
        raise ValueError(f"{key} is not in hexadecimal: {text[:64]!r}") from None
