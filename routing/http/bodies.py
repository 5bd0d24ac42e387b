"""Bodies that are YAML or JSON documents, and how OpenAPI describes them."""

import json
from typing import Any

from django.http import HttpRequest

from rest.contracts import Refusal

MOST_BYTES = 1_000_000
JSON = "application/json"
YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain")
OURS = ("findings", "status")
"""What a resource has over REST beside what its owner wrote."""


def described(example: str) -> dict[str, Any]:
    """`openapi_extra` of an operation that takes documents."""
    text = {"schema": {"type": "string", "minLength": 1}, "example": example}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/yaml": text,
                "text/plain": text,
                JSON: {"schema": {"type": "object"}},
            },
        }
    }


def text_of(request: HttpRequest) -> str:
    """The body as text that the parser reads (JSON is YAML)."""
    media_type = (request.content_type or "").lower()
    if media_type != JSON and media_type not in YAML:
        raise Refusal(415, "unsupported_media_type", f"Send {YAML[0]}, text/plain or {JSON}.")
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise Refusal(413, "too_large", f"A request holds at most {MOST_BYTES} bytes.")
    body = request.body
    if len(body) > MOST_BYTES:
        raise Refusal(413, "too_large", f"A request holds at most {MOST_BYTES} bytes.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(400, "bad_request", f"The body is not UTF-8: {error.reason}.") from error


def without_ours(text: str) -> str:
    """A JSON resource as it was read over REST, less what we added; other text as it is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(value, dict):
        return text
    return json.dumps({key: one for key, one in value.items() if key not in OURS})
