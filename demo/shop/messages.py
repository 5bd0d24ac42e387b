"""HTTP/1.1 messages: read from and written to asyncio streams."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

Headers = Mapping[str, str]
"""Header values by lower-case name; of a repeated header the last counts."""

MAX_BODY_BYTES = 1 << 20


class BadMessage(Exception):  # noqa: N818  it describes what came, not what failed here
    """The peer does not speak HTTP/1.1 as we understand it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`params` are the named parts of the route's path, `query` the decoded query string."""

    method: str
    path: str
    query: Headers = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    body: bytes = b""
    params: Headers = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises BadMessage when it is something else."""
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise BadMessage("the body is not JSON") from error
        if not isinstance(value, dict):
            raise BadMessage("the body is not a JSON object")
        return value

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))

    @property
    def wants_json(self) -> bool:
        return "application/json" in self.headers.get("accept", "")

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (part.partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Headers = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(self.body)


def json_response(value: object, status: int = 200) -> Response:
    return Response(status=status, body=json.dumps(value).encode())


def error_response(status: int, message: str) -> Response:
    return json_response({"error": message}, status)


async def read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """The start line and the headers. Raises IncompleteReadError when the peer has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise BadMessage("the head is too long") from error
    start, *lines = head[:-4].decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadMessage(f"not a header: {line[:40]!r}")
        headers[name.strip().lower()] = value.strip()
    return start, headers


async def read_body(reader: asyncio.StreamReader, headers: Headers) -> bytes:
    """The body that `headers` announce: by length, in chunks, or none."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    return await reader.readexactly(_length(headers.get("content-length", "0")))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks: list[bytes] = []
    total = 0
    while True:
        size_line = await reader.readuntil(b"\r\n")
        size = _length(size_line.split(b";")[0].strip().decode("latin-1"), base=16)
        total += size
        if total > MAX_BODY_BYTES:
            raise BadMessage("the body is too long")
        chunk = await reader.readexactly(size + 2)
        if size == 0:
            return b"".join(chunks)
        chunks.append(chunk[:-2])


def _length(text: str, base: int = 10) -> int:
    try:
        size = int(text, base)
    except ValueError as error:
        raise BadMessage(f"not a length: {text[:20]!r}") from error
    if not 0 <= size <= MAX_BODY_BYTES:
        raise BadMessage("the body is too long")
    return size


def request_bytes(method: str, target: str, headers: Headers, body: bytes) -> bytes:
    """A whole request; `headers` must hold `host`."""
    sized = {**headers, "content-length": str(len(body))} if body or method != "GET" else headers
    return _message(f"{method} {target} HTTP/1.1", sized, body)


def response_bytes(response: Response, *, head_only: bool, close: bool) -> bytes:
    """A whole response. A HEAD request gets the head of what GET would have got."""
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        **response.headers,
    }
    if close:
        headers["connection"] = "close"
    phrase = HTTPStatus(response.status).phrase
    body = b"" if head_only else response.body
    return _message(f"HTTP/1.1 {response.status} {phrase}", headers, body)


def _message(start: str, headers: Headers, body: bytes) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
