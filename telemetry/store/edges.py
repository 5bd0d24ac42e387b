"""Edge counts out of what proxies have counted since they began: how much it grew, resets included.

Every five seconds a collector stores what each proxy counts of each edge (`edge_samples`). Edges that were
not stored so, because an earlier version stored them or because Prometheus wrote their samples,
are counted from samples, which is slower.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from telemetry.contracts import EdgeKey, Reporter
from telemetry.ingest.edge_rows import KEY_COLUMNS, VALUE_COLUMNS
from telemetry.store.client import Store
from telemetry.store.edges_of_samples import totals_of_samples
from telemetry.totals import EdgeTotals, by_group

LOOKBACK_SECONDS = 60
"""How far before the start a last value is looked for at first: it is told anew every 30 s."""
LONG_LOOKBACK_SECONDS = 3600
"""How far at last, for senders that were away; without a value there they began at zero."""
KEPT = 200_000
_SETTINGS = {"max_execution_time": "10", "max_threads": "1"}
"""Threads would read times in turns: put together out of their order, counts seem to have fallen that
have not."""

_Rows = NDArray[np.void]
_WIDTH = len(VALUE_COLUMNS)

_RESET = ("requests", "connections_opened", "connections_closed", "bytes_sent", "bytes_received")
"""One of these falls whenever a proxy begins anew: the others come and go with the requests."""
_IN_WINDOW = "t > toDateTime64({start:Float64}, 3)"


def _between(after: str, until: str) -> str:
    """The table's order is by minutes: asked for by themselves they find their rows."""
    first, last = (f"toDateTime64({{{name}:Float64}}, 3)" for name in (after, until))
    minutes = (
        f"toStartOfMinute(t) >= toStartOfMinute({first})"
        f" AND toStartOfMinute(t) <= toStartOfMinute({last})"
    )
    return f"t > {first} AND t <= {last} AND {minutes}"


_SPAN = _between("after", "end")
_FELL = " OR ".join(
    f"deltaSumTimestamp({one}, toUnixTimestamp64Milli(t)) != max({one}) - min({one})"
    for one in _RESET
)
_GROWN = f"""
SELECT id, toUInt64({_FELL}), toUInt64(countIf(NOT {_IN_WINDOW}) > 0),
    {", ".join(f"max({one}) - maxIf({one}, NOT {_IN_WINDOW})" for one in VALUE_COLUMNS)}
FROM {{database}}.edge_samples WHERE {_SPAN} GROUP BY id HAVING countIf({_IN_WINDOW}) > 0
"""  # noqa: S608  constants
_STEP_BY_STEP = f"""
SELECT id, toUInt64(0), toUInt64(1),
    {", ".join(f"sum({one} - if({one} < before_{one}, 0, before_{one}))" for one in VALUE_COLUMNS)}
FROM (
    SELECT id, t, {", ".join(VALUE_COLUMNS)},
        {", ".join(f"lagInFrame({one}) OVER each AS before_{one}" for one in VALUE_COLUMNS)}
    FROM {{database}}.edge_samples WHERE {_SPAN}
        AND (empty({{ids:Array(UInt64)}}) OR id IN {{ids:Array(UInt64)}})
    WINDOW each AS (PARTITION BY id ORDER BY t ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
) WHERE {_IN_WINDOW} GROUP BY id
"""  # noqa: S608  constants
_EARLIER = f"""
SELECT DISTINCT id FROM {{database}}.edge_samples
WHERE {_between("long", "after")} AND id IN (
    SELECT id FROM {{database}}.edge_samples WHERE {_SPAN} GROUP BY id HAVING min({_IN_WINDOW})
)
"""  # noqa: S608  constants
_NAMED = f"""
SELECT id, {", ".join(KEY_COLUMNS)} FROM {{database}}.edges
WHERE id IN (SELECT id FROM {{database}}.edge_samples WHERE {_SPAN}) LIMIT 1 BY id
"""  # noqa: S608  constants
_BEGAN = """
SELECT ifNull((SELECT toUnixTimestamp64Milli(min(t)) FROM {database}.edge_samples), 0),
    ifNull((SELECT toUnixTimestamp64Milli(min(t)) FROM {database}.samples), 0)
"""

_REPORTERS = {str(one): one for one in Reporter}
_ROW = np.dtype([("id", "<u8"), ("strange", "<u8"), ("known", "<u8"), ("values", "<i8", (_WIDTH,))])
"""`strange`: its counts fell; `known`: it was there before the window. All values are 8 bytes."""
_DURATION = VALUE_COLUMNS.index("duration_sum_ms")
_MOST_IDS = 2000
"""A statement's parameters travel in its address."""


class EdgeNames:
    """Which edge an id is, as far as it was asked for. An id is made of its edge: it stays true.

    Thread-safe; forgotten as a whole when it becomes much.
    """

    def __init__(self) -> None:
        self._names = _Names({}, {}, [])
        self._writing = threading.Lock()

    def of(
        self, ids: Sequence[int], store: Store, start: float, end: float
    ) -> tuple[list[EdgeKey], list[int]]:
        """Edges in an order that stays, and the place of each id of the window in it.

        An edge that is not announced yet is nowhere: -1.
        """
        names = self._names
        if any(one not in names.places for one in ids):
            names = self._read(store, start, end)
        return names.keys, [names.places.get(one, -1) for one in ids]

    def _read(self, store: Store, start: float, end: float) -> "_Names":
        read = store.read(
            _NAMED, "JSONCompactColumns", settings=_SETTINGS, start=start, end=end, after=start
        )
        with self._writing:
            if len(self._names.places) > KEPT:
                self._names = _Names({}, {}, [])
            known, places = self._names, dict(self._names.places)
            ids, *columns = orjson.loads(read)
            for one, values in zip(ids, zip(*columns, strict=True), strict=True):
                key = _key(*values)
                place = known.by_key.setdefault(key, len(known.keys))
                if place == len(known.keys):
                    known.keys.append(key)
                places[int(one)] = place
            self._names = _Names(places, known.by_key, known.keys)
            return self._names


class _Names(NamedTuple):
    """`places` are indexes into `keys`, which only grow; no two keys are equal."""

    places: Mapping[int, int]
    by_key: dict[EdgeKey, int]
    keys: list[EdgeKey]


_names = EdgeNames()


def edge_totals(
    store: Store, start: float, end: float, names: EdgeNames = _names, *, idle: bool = False
) -> EdgeTotals:
    """Sum over all proxies, per edge, of what was counted in (start, end].

    `idle`: also those that proxies told of and that counted nothing, as far as the table goes.
    """
    ((began, samples_began),) = store.query(_BEGAN)
    before_began = 1000 * start < began and samples_began < began - 1000 * LOOKBACK_SECONDS
    if not began or before_began:
        return EdgeTotals.of(totals_of_samples(store, start, end))
    rows = _grown(store, start, end)
    if not idle:
        rows = rows[rows["values"].any(axis=1)]
    keys, places = names.of(rows["id"].tolist(), store, start, end)
    totals = _sums(rows, keys, np.array(places, np.int64))
    foreign = totals_of_samples(store, start, end, foreign=True)
    return totals + EdgeTotals.of(foreign) if foreign else totals


def _grown(store: Store, start: float, end: float) -> _Rows:
    """How much each proxy's counts of each edge grew."""
    after, long = (max(0.0, start - back) for back in (LOOKBACK_SECONDS, LONG_LOOKBACK_SECONDS))
    rows = _rows(store, _GROWN, start=start, end=end, after=after)
    strange = rows["id"][rows["strange"] > 0]
    if long < after and not rows["known"].all():
        answer = store.read(
            _EARLIER, "RowBinary", settings=_SETTINGS, start=start, end=end, after=after, long=long
        )
        strange = np.union1d(strange, np.frombuffer(answer, "<u8"))
    if not len(strange):
        return rows
    ids = strange.tolist() if len(strange) <= _MOST_IDS else []
    steps = _rows(store, _STEP_BY_STEP, start=start, end=end, after=long, ids=ids)
    return np.concatenate([rows[~np.isin(rows["id"], strange)], steps]) if ids else steps


def _rows(
    store: Store, sql: str, *, start: float, end: float, after: float, ids: Sequence[int] = ()
) -> _Rows:
    answer = store.read(
        sql, "RowBinary", settings=_SETTINGS, start=start, end=end, after=after, ids=ids
    )
    return np.frombuffer(answer, _ROW)


def _sums(rows: _Rows, keys: Sequence[EdgeKey], places: NDArray[np.int64]) -> EdgeTotals:
    named = places >= 0
    values = rows["values"][named]
    durations = np.ascontiguousarray(values[:, _DURATION]).view(np.float64)
    return by_group(keys, places[named], np.delete(values, _DURATION, axis=1), durations)


def _key(reporter: str, *values: str) -> EdgeKey:
    """Of KEY_COLUMNS."""
    named = dict(zip(KEY_COLUMNS[1:], values, strict=True))
    return EdgeKey(reporter=_REPORTERS[reporter], **named)
