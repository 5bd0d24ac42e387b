"""Edge counts out of samples, series by series: those that the table of edges does not have."""

from collections import defaultdict

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey
from telemetry.ingest.istio import METRICS, Counted, add, edge_key, increase_of
from telemetry.store.client import Store

LOOKBACK_SECONDS = 3600
"""How far before the start a series' last value is looked for; without one it began at zero."""
ANNOUNCED_SECONDS = 3700
"""A series that lives is announced anew within this time."""

_INFINITE = len(DURATION_BOUNDS_MS)
_BUCKETS = {
    **{str(int(b)) if b == int(b) else repr(b): i for i, b in enumerate(DURATION_BOUNDS_MS)},
    "+Inf": _INFINITE,
}
_NAMES: dict[str, tuple[Counted, str]] = {
    **{name: (counted, "value") for name, counted in METRICS.items() if name.endswith("_total")},
    "istio_request_duration_milliseconds_bucket": (Counted.DURATION, "bucket"),
    "istio_request_duration_milliseconds_sum": (Counted.DURATION, "sum"),
    "istio_request_bytes_sum": (Counted.REQUEST_BYTES, "sum"),
    "istio_response_bytes_sum": (Counted.RESPONSE_BYTES, "sum"),
}
GROWN = """
SELECT mapFilter((k, v) -> k NOT IN ('le', 'pod', 'instance', 'job', 'namespace'), labels) AS edge,
    sumMap([(toString(name), labels['le'])], [increase]) AS grown
FROM (
    SELECT id, name, labels FROM {database}.series
    WHERE name IN {names:Array(String)} AND {which} LIMIT 1 BY id
) AS named
INNER JOIN (
    SELECT id, arraySum(arrayMap((now, before) -> if(now < before, now, now - before),
        grown, arrayPushFront(arrayPopBack(grown), 0.))) - base AS increase
    FROM (
        SELECT id,
            arraySort(groupArray((t, v))) AS points,
            arrayMap(p -> p.2, arrayFilter(p -> p.1 <= toDateTime64({start:Float64}, 3), points)) AS earlier,
            if(empty(earlier), 0., earlier[-1]) AS base,
            arrayMap(p -> p.2, arraySlice(points, greatest(1, length(earlier)))) AS grown
        FROM {database}.samples
        WHERE t > toDateTime64(greatest(0., {start:Float64} - {lookback:UInt32}), 3)
            AND t <= toDateTime64({end:Float64}, 3)
            AND id IN (SELECT id FROM {database}.series WHERE name IN {names:Array(String)} AND {which})
        GROUP BY id
    )
    WHERE increase > 0
) AS sums USING id
GROUP BY edge
"""
"""How much series grew, by their labels and by (name, le); `{which}` says which series."""
_FOREIGN = "labels['instance'] NOT IN (SELECT instance FROM {database}.edges)"
_ANY_FOREIGN = f"""
SELECT 1 FROM {{database}}.series WHERE name IN {{counters:Array(String)}} AND {_FOREIGN}
    AND last_seen > toDateTime({{seen:Float64}}) LIMIT 1
"""  # noqa: S608  constants


def totals_of_samples(
    store: Store, start: float, end: float, *, foreign: bool = False
) -> tuple[tuple[EdgeKey, EdgeCount], ...]:
    """Sum over all proxies, or over those that are in no table of edges. In no order."""
    if foreign and not _any_foreign(store, start):
        return ()
    sql = GROWN.replace("{which}", _FOREIGN if foreign else "1")
    rows = store.query(sql, start=start, end=end, lookback=LOOKBACK_SECONDS, names=list(_NAMES))
    totals: dict[EdgeKey, EdgeCount] = {}
    buckets: defaultdict[EdgeKey, list[float]] = defaultdict(lambda: [0.0] * (_INFINITE + 1))
    for labels, (parts, increases) in rows:
        for (name, bound), increase in zip(parts, increases, strict=True):
            counted, part = _NAMES[name]
            key = edge_key(counted, labels)
            if key is None:
                continue
            if part == "bucket":
                _fill(buckets[key], bound, increase)
                continue
            values = (increase,) if part == "value" else (0.0, increase)
            gained = increase_of(counted, values)
            totals[key] = add(totals[key], gained) if key in totals else gained
    for key, cumulative in buckets.items():
        gained = EdgeCount(duration_buckets=_single(cumulative))
        totals[key] = add(totals[key], gained) if key in totals else gained
    return tuple(totals.items())


def _fill(cumulative: list[float], bound: str, increase: float) -> None:
    index = _BUCKETS.get(bound)
    if index is not None:
        cumulative[index] += increase


def _single(cumulative: list[float]) -> tuple[int, ...]:
    """From "at most this bound" to "between the bounds"; a bucket that never grew had no row."""
    single = []
    below = 0.0
    for value in cumulative:
        single.append(max(0, round(value - below)))
        below = max(below, value)
    return tuple(single)


def _any_foreign(store: Store, start: float) -> bool:
    counters = [name for name, (_, part) in _NAMES.items() if part == "value"]
    seen = max(0.0, start - ANNOUNCED_SECONDS)
    return bool(store.query(_ANY_FOREIGN, counters=counters, seen=seen))
