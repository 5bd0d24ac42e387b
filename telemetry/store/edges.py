"""Edge counts out of what proxies have counted since they began: how much it grew, resets included.

Every five seconds a collector stores what each proxy counts of each edge (`edge_samples`). Edges that were
not stored so, because an earlier version stored them or because Prometheus wrote their samples,
are counted from samples, which is slower.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from operator import add as plus
from struct import Struct
from typing import Any

import orjson

from telemetry.contracts import EdgeCount, EdgeKey, Reporter
from telemetry.ingest.edge_rows import BUCKETS, KEY_COLUMNS, VALUE_COLUMNS
from telemetry.ingest.istio import add
from telemetry.store.client import Store
from telemetry.store.edges_of_samples import totals_of_samples

LOOKBACK_SECONDS = 60
"""How far before the start a last value is looked for at first: it is told anew every 30 s."""
LONG_LOOKBACK_SECONDS = 3600
"""How far at last, for senders that were away; without a value there they began at zero."""
KEPT = 200_000
_SETTINGS = {"max_execution_time": "10"}

Edges = tuple[tuple[EdgeKey, EdgeCount], ...]

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

_Row = tuple[Any, ...]
_REPORTERS = {str(one): one for one in Reporter}
_ID = Struct("<Q")
_ROW = Struct(f"<QQQQd{BUCKETS}Q6Q")
_HEAD = 3
_MOST_IDS = 2000
"""A statement's parameters travel in its address."""


class EdgeNames:
    """Which edge an id is, as far as it was asked for. An id is made of its edge: it stays true.

    Equal edges are one value. Thread-safe; forgotten as a whole when it becomes much.
    """

    def __init__(self) -> None:
        self._known: dict[int, EdgeKey] = {}
        self._keys: dict[EdgeKey, EdgeKey] = {}
        self._writing = threading.Lock()

    def of(
        self, ids: Iterable[int], store: Store, start: float, end: float
    ) -> Mapping[int, EdgeKey]:
        """Those of the window; an edge that is not announced yet is missing."""
        known = self._known
        if all(one in known for one in ids):
            return known
        read = store.read(
            _NAMED, "JSONCompactEachRow", settings=_SETTINGS, start=start, end=end, after=start
        )
        with self._writing:
            if len(self._known) > KEPT:
                self._known, self._keys = {}, {}
            found = {}
            for row in map(orjson.loads, read.splitlines()):
                key = _key(*row[1:])
                found[int(row[0])] = self._keys.setdefault(key, key)
            self._known = {**self._known, **found}
            return self._known


_names = EdgeNames()


def edge_totals(
    store: Store, start: float, end: float, names: EdgeNames = _names, *, idle: bool = False
) -> Edges:
    """Sum over all proxies, per edge, of what was counted in (start, end]. In no order.

    `idle`: also those that proxies told of and that counted nothing, as far as the table goes.
    """
    ((began, samples_began),) = store.query(_BEGAN)
    before_began = 1000 * start < began and samples_began < began - 1000 * LOOKBACK_SECONDS
    if not began or before_began:
        return totals_of_samples(store, start, end)
    rows = _grown(store, start, end)
    known = names.of((row[0] for row in rows), store, start, end)
    totals = _sums(rows, known, idle=idle)
    for key, count in totals_of_samples(store, start, end, foreign=True):
        totals[key] = add(totals[key], count) if key in totals else count
    return tuple(totals.items())


def _grown(store: Store, start: float, end: float) -> list[_Row]:
    """How much each proxy's counts of each edge grew."""
    after, long = (max(0.0, start - back) for back in (LOOKBACK_SECONDS, LONG_LOOKBACK_SECONDS))
    rows = _rows(store, _GROWN, start=start, end=end, after=after)
    strange = {row[0] for row in rows if row[1]}
    if long < after and any(not row[2] for row in rows):
        answer = store.read(
            _EARLIER, "RowBinary", settings=_SETTINGS, start=start, end=end, after=after, long=long
        )
        strange.update(one for (one,) in _ID.iter_unpack(answer))
    if not strange:
        return rows
    ids = list(strange) if len(strange) <= _MOST_IDS else []
    steps = _rows(store, _STEP_BY_STEP, start=start, end=end, after=long, ids=ids)
    return [*(row for row in rows if row[0] not in strange), *steps] if ids else steps


def _rows(
    store: Store, sql: str, *, start: float, end: float, after: float, ids: Sequence[int] = ()
) -> list[_Row]:
    answer = store.read(
        sql, "RowBinary", settings=_SETTINGS, start=start, end=end, after=after, ids=ids
    )
    return list(_ROW.iter_unpack(answer))


def _sums(
    rows: Iterable[_Row], known: Mapping[int, EdgeKey], *, idle: bool
) -> dict[EdgeKey, EdgeCount]:
    """Those that nothing was counted of are left out, unless they are wanted."""
    keys: dict[int, EdgeKey] = {}
    sums: dict[int, _Row] = {}
    for row in rows:
        key = known.get(row[0])
        if key is None:
            continue
        one = id(key)  # equal keys are the same: see EdgeNames
        before = sums.get(one)
        keys[one] = key
        sums[one] = row if before is None else tuple(map(plus, before, row))
    return {keys[one]: _count(row) for one, row in sums.items() if idle or any(row[_HEAD:])}


def _count(row: _Row) -> EdgeCount:
    buckets = row[_HEAD + 2 : _HEAD + 2 + BUCKETS]
    received, sent, opened, closed, tcp_sent, tcp_received = row[_HEAD + 2 + BUCKETS :]
    return EdgeCount(
        requests=row[_HEAD],
        duration_sum_ms=row[_HEAD + 1],
        duration_buckets=buckets if any(buckets) else (),
        request_bytes=received,
        response_bytes=sent,
        connections_opened=opened,
        connections_closed=closed,
        bytes_sent=tcp_sent,
        bytes_received=tcp_received,
    )


def _key(reporter: str, *values: str) -> EdgeKey:
    """Of KEY_COLUMNS."""
    named = dict(zip(KEY_COLUMNS[1:], values, strict=True))
    return EdgeKey(reporter=_REPORTERS[reporter], **named)
