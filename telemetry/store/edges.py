"""Edge counts out of stored samples: how much each series grew, resets included."""

from collections import defaultdict
from collections.abc import Mapping

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey
from telemetry.ingest.istio import METRICS, Counted, add, edge_key, increase_of
from telemetry.store.client import Store

LOOKBACK_SECONDS = 3600
"""How far before the start a series' last value is looked for; without one it began at zero."""

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
_SQL = """
SELECT name, labels, increase FROM (
    SELECT id, arraySum(arrayMap((now, before) -> if(now < before, now, now - before),
        grown, arrayPushFront(arrayPopBack(grown), 0.))) - base AS increase
    FROM (
        SELECT id,
            arrayMap(p -> p.2, arraySort(groupArray((t, v)))) AS points,
            arrayFilter((v, t) -> t <= {start:Float64}, points,
                arrayMap(p -> toFloat64(p.1), arraySort(groupArray((t, v))))) AS earlier,
            if(empty(earlier), 0., earlier[-1]) AS base,
            if(empty(earlier), points, arraySlice(points, length(earlier))) AS grown
        FROM {database}.samples
        WHERE t > toDateTime64(greatest(0., {start:Float64} - {lookback:UInt32}), 3)
            AND t <= toDateTime64({end:Float64}, 3)
            AND id IN (SELECT id FROM {database}.series WHERE name IN {names:Array(String)})
        GROUP BY id
    )
) AS sums
INNER JOIN (
    SELECT id, name, any(labels) AS labels FROM {database}.series
    WHERE name IN {names:Array(String)} GROUP BY id, name
) AS named USING id
WHERE increase > 0
"""


def edge_totals(store: Store, start: float, end: float) -> tuple[tuple[EdgeKey, EdgeCount], ...]:
    """Sum over all proxies, per edge. Sorted as the store gives them: not at all."""
    rows = store.query(_SQL, start=start, end=end, lookback=LOOKBACK_SECONDS, names=list(_NAMES))
    totals: dict[EdgeKey, EdgeCount] = {}
    buckets: defaultdict[EdgeKey, list[float]] = defaultdict(lambda: [0.0] * (_INFINITE + 1))
    for name, labels, increase in rows:
        counted, part = _NAMES[name]
        key = edge_key(counted, labels)
        if key is None:
            continue
        if part == "bucket":
            _fill(buckets[key], labels, increase)
            continue
        values = (increase,) if part == "value" else (0.0, increase)
        gained = increase_of(counted, values)
        totals[key] = add(totals[key], gained) if key in totals else gained
    for key, cumulative in buckets.items():
        gained = EdgeCount(duration_buckets=_single(cumulative))
        totals[key] = add(totals[key], gained) if key in totals else gained
    return tuple(totals.items())


def _fill(cumulative: list[float], labels: Mapping[str, str], increase: float) -> None:
    index = _BUCKETS.get(labels.get("le", ""))
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
