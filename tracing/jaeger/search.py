"""What Jaeger's two APIs ask for, as our search; what cannot be read is a `BadParameter`."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from tracing.contracts import TraceQuery
from tracing.durations import nanoseconds
from tracing.query.conditions import (
    And,
    Attribute,
    Compare,
    Comparison,
    Condition,
    Field,
    Or,
    Place,
)

LOOKBACK_NS = 2 * 86_400 * 10**9
"""How far back a search goes that does not say."""
DEFAULT_LIMIT = 100
MAX_LIMIT = 1500
MAX_TAGS = 50

_FIELDS = {
    "error": Field.ERROR,
    "span.kind": Field.KIND,
    "span.status": Field.STATUS,
    "otel.status_code": Field.STATUS,
    "otel.status_description": Field.MESSAGE,
    "otel.scope.name": Field.SCOPE_NAME,
    "otel.library.name": Field.SCOPE_NAME,
    "scope.name": Field.SCOPE_NAME,
    "otel.scope.version": Field.SCOPE_VERSION,
    "otel.library.version": Field.SCOPE_VERSION,
    "scope.version": Field.SCOPE_VERSION,
}
"""Tags that Jaeger makes of what OpenTelemetry has as fields."""
_LOWER = (Field.KIND, Field.STATUS, Field.ERROR)


class Parameters(Protocol):
    """Django's `request.GET`."""

    def get(self, key: str, default: str) -> str: ...

    def getlist(self, key: str) -> list[str]: ...


@dataclass
class BadParameter(Exception):  # noqa: N818  an answer, not a failure
    message: str


def search_v1(given: Parameters) -> TraceQuery:
    """`/api/traces`: times in Unix microseconds. Raises BadParameter."""
    if not given.get("service", ""):
        raise BadParameter("parameter 'service' is required")
    now = time.time_ns()
    return _query(
        service=given.get("service", ""),
        operation=given.get("operation", ""),
        start_ns=_microseconds(given, "start", now - LOOKBACK_NS),
        end_ns=_microseconds(given, "end", now),
        lengths=_lengths(given, "minDuration", "maxDuration"),
        limit=_limit(given, "limit"),
        tags={**_pairs(given.getlist("tag")), **_documents(given.getlist("tags"))},
    )


def search_v3(given: Parameters) -> TraceQuery:
    """`/api/v3/traces`: times as RFC 3339. Raises BadParameter."""
    now = time.time_ns()
    depth = "query.num_traces" if given.get("query.num_traces", "") else "query.search_depth"
    return _query(
        service=given.get("query.service_name", ""),
        operation=given.get("query.operation_name", ""),
        start_ns=moment(given, "query.start_time_min", now - LOOKBACK_NS),
        end_ns=moment(given, "query.start_time_max", now),
        lengths=_lengths(given, "query.duration_min", "query.duration_max"),
        limit=_limit(given, depth),
        tags=_documents(given.getlist("query.attributes")),
    )


def with_tags(tags: Mapping[str, str]) -> Condition | None:
    """All of them: each on the span, its resource, its scope, an event or a link."""
    conditions = tuple(_tag(key, value) for key, value in tags.items())
    return And(conditions) if conditions else None


def moment(given: Parameters, name: str, default: int) -> int:
    """An RFC 3339 time as Unix nanoseconds. Raises BadParameter."""
    text = given.get(name, "")
    if not text:
        return default
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadParameter(f"malformed parameter {name}: {text!r} is no RFC 3339 time") from None
    whole = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int(whole.timestamp()) * 10**9 + whole.microsecond * 1000


def _query(
    *,
    service: str,
    operation: str,
    start_ns: int,
    end_ns: int,
    lengths: tuple[int, int],
    limit: int,
    tags: Mapping[str, str],
) -> TraceQuery:
    if len(tags) > MAX_TAGS:
        raise BadParameter(f"a search has at most {MAX_TAGS} tags")
    return TraceQuery(
        start_ns=start_ns,
        end_ns=end_ns + 1,  # Jaeger's end belongs to the time searched
        service=service,
        operation=operation,
        min_duration_ns=lengths[0],
        max_duration_ns=lengths[1],
        limit=limit,
        where=with_tags(tags),
    )


def _tag(key: str, value: str) -> Condition:
    found: list[Condition] = [Compare(Attribute(key), Comparison.EQUAL, value)]
    if key in _FIELDS:
        what = _FIELDS[key]
        text = value.lower() if what in _LOWER else value
        found.append(Compare(what, Comparison.EQUAL, text))
    place, dot, rest = key.partition(".")
    if dot and rest and place in set(Place):
        found.append(Compare(Attribute(rest, Place(place)), Comparison.EQUAL, value))
    return found[0] if len(found) == 1 else Or(tuple(found))


def _microseconds(given: Parameters, name: str, default: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise BadParameter(f"unable to parse param '{name}': {text[:40]!r} is no number")
    return int(text) * 1000


def _lengths(given: Parameters, least: str, most: str) -> tuple[int, int]:
    shortest, longest = _duration(given, least), _duration(given, most)
    if longest and shortest > longest:
        raise BadParameter(f"'{most}' should be greater than '{least}'")
    return shortest, longest


def _duration(given: Parameters, name: str) -> int:
    text = given.get(name, "")
    if not text:
        return 0
    found = nanoseconds(text)
    if found is None:
        raise BadParameter(f"unable to parse param '{name}': {text[:40]!r} is no duration")
    return found


def _limit(given: Parameters, name: str) -> int:
    text = given.get(name, "")
    if not text:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise BadParameter(f"unable to parse param '{name}': {text[:40]!r} is no limit")
    return min(int(text), MAX_LIMIT)


def _pairs(given: Iterable[str]) -> dict[str, str]:
    found = {}
    for text in given:
        key, colon, value = text.partition(":")
        if not colon or not key:
            raise BadParameter(f"malformed 'tag' parameter, expecting key:value, received: {text}")
        found[key] = value
    return found


def _documents(given: Iterable[str]) -> dict[str, str]:
    """Tags as a JSON object."""
    found: dict[str, str] = {}
    for text in given:
        try:
            tags = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadParameter(
                f"malformed 'tags' parameter, cannot unmarshal JSON: {error}"
            ) from None
        if not isinstance(tags, dict):
            raise BadParameter("malformed 'tags' parameter: expecting an object")
        found |= {str(key): value_text(value) for key, value in tags.items()}
    return found


def value_text(value: object) -> str:
    """A tag's value as the store keeps it."""
    return value if isinstance(value, str) else json.dumps(value)
