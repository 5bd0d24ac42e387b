"""Which attributes spans have, and which values: what a search box offers."""

from dataclasses import dataclass

from telemetry.facade import Store
from tracing.rows import rows_of

LOOKED_AT = 50_000
"""Spans a suggestion is drawn from, the newest of the time asked for."""

_KEYS = (
    "arrayDistinct(arrayConcat(mapKeys(SpanAttributes), mapKeys(ResourceAttributes),"
    " mapKeys(ScopeAttributes), arrayFlatten(arrayMap(m -> mapKeys(m), Events.Attributes))))"
)
_VALUES = (
    "arrayDistinct(arrayMap(m -> m[{key:String}], arrayFilter(m -> mapContains(m, {key:String}),"
    " arrayConcat([SpanAttributes, ResourceAttributes, ScopeAttributes], Events.Attributes))))"
)
_RECENT = (
    " AS found FROM {database}.otel_traces"
    " WHERE Timestamp >= fromUnixTimestamp64Nano({start:Int64})"
    " AND Timestamp < fromUnixTimestamp64Nano({end:Int64})"
    " AND ({service:String} = '' OR ServiceName = {service:String})"
    " ORDER BY toDateTime(Timestamp) DESC LIMIT {most:UInt32}"
)
_COUNTED = (
    " WHERE startsWith(word, {prefix:String}) GROUP BY word"
    " ORDER BY spans DESC, word LIMIT {limit:UInt32}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggest:
    """Of spans that began in [start_ns, end_ns); no service means all of them."""

    start_ns: int
    end_ns: int
    service: str = ""
    prefix: str = ""
    limit: int = 100


def keys(store: Store, wanted: Suggest) -> tuple[tuple[str, int], ...]:
    """(key, spans that have it), most common first; of spans, resources, scopes and events."""
    return _counted(store, _KEYS, wanted, "")


def values(store: Store, key: str, wanted: Suggest) -> tuple[tuple[str, int], ...]:
    """(value, spans that have it), most common first."""
    return _counted(store, _VALUES, wanted, key)


def _counted(store: Store, words: str, wanted: Suggest, key: str) -> tuple[tuple[str, int], ...]:
    rows = rows_of(
        store,
        "SELECT arrayJoin(found) AS word, count() AS spans FROM (SELECT "  # noqa: S608  constants
        f"{words}{_RECENT}){_COUNTED}",
        key=key,
        start=wanted.start_ns,
        end=wanted.end_ns,
        service=wanted.service,
        prefix=wanted.prefix,
        limit=wanted.limit,
        most=LOOKED_AT,
    )
    return tuple((word, spans) for word, spans in rows)
