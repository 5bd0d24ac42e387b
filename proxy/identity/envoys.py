"""What control and agents say to each other about running Envoys. Imports no Django."""

import json
import zlib
from base64 import b64decode, b64encode
from typing import Any

SERVICE = "meshweb.agent.v1.Envoys"
QUESTIONS, ANSWER = "Questions", "Answer"

ANSWERED, REFUSED, AWAY = "answered", "refused", "away"

MOST_BYTES = 3_500_000
"""Of a packed answer: gRPC takes messages of 4 MB."""
_MOST_UNPACKED = 200_000_000


def method(name: str) -> str:
    return f"/{SERVICE}/{name}"


def pack(content: dict[str, Any]) -> str:
    """JSON made small, as text: a configuration shrinks to about a tenth."""
    return b64encode(zlib.compress(json.dumps(content).encode(), 6)).decode()


def unpack(packed: str) -> dict[str, Any]:
    """Raises ValueError for what nobody packed."""
    try:
        unzipped = zlib.decompressobj()
        text = unzipped.decompress(b64decode(packed), _MOST_UNPACKED)
        content = json.loads(text)
    except (zlib.error, RecursionError) as error:
        raise ValueError(f"not an answer: {error}") from error
    if not unzipped.eof or not isinstance(content, dict):
        raise ValueError("not an answer")
    return content
