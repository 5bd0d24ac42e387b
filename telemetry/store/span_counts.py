"""How many spans collectors counted, and how many of them had failed, out of `calls_total`.

Only what collectors themselves counted: others may write series of that name, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.ingest.span_metrics import CALLS, FORGET_SECONDS, TOLD_SECONDS
from telemetry.store.client import Store

RESOLUTION_MS = 5000
_MS = 1_000_000
_FORGOTTEN_MS = 1000 * (FORGET_SECONDS - TOLD_SECONDS)
"""Longer between two samples, and the collector had begun anew."""
_BACK_MS = 1000 * (FORGET_SECONDS + TOLD_SECONDS)
_MOST_ROWS = 200_000

_SERIES = (
    "SELECT id, labels['service_name'] AS service, labels['span_name'] AS operation,"  # noqa: S608  constants
    " lower(substring(labels['span_kind'], length('SPAN_KIND_') + 1)) AS kind,"
    " labels['status_code'] = 'STATUS_CODE_ERROR' AS failed FROM {database}.series"
    f" WHERE name = '{CALLS}' AND position(labels['instance'], '/spans/') > 0"
    " AND service IN {services:Array(String)}"
    " AND (empty({kinds:Array(String)}) OR kind IN {kinds:Array(String)}) LIMIT 1 BY id"
)
_SAMPLED = (
    f"intDiv(toUnixTimestamp64Milli(t) + {RESOLUTION_MS // 2}, {RESOLUTION_MS}) * {RESOLUTION_MS}"
)
"""Samples come some milliseconds after the moment they stand for."""
_IN_TIME = (
    "t > fromUnixTimestamp64Milli({start:Int64} - {back:Int64})"
    f" AND t <= fromUnixTimestamp64Milli({{end:Int64}} + {RESOLUTION_MS // 2})"
)
_BEGAN = (
    "SELECT service, operation, kind, min(first)"  # noqa: S608  constants
    f" FROM (SELECT id, min({_SAMPLED}) AS first FROM {{database}}.samples"
    f" WHERE {_IN_TIME} AND id IN (SELECT id FROM ({_SERIES})) GROUP BY id) AS sampled"
    f" INNER JOIN ({_SERIES}) AS named USING id GROUP BY service, operation, kind"
)
_GROWN = (
    "SELECT service, if({whole:UInt8} = 1, '', operation) AS shown,"  # noqa: S608  constants
    " intDiv(at + {bin:Int64} - 1, {bin:Int64}) AS place, sum(grown), sumIf(grown, failed)"
    " FROM (SELECT id, at, v - if(v < before OR at - before_at > {forgotten:Int64}, 0, before) AS grown"
    "  FROM (SELECT id, at, v, lagInFrame(v) OVER each AS before, lagInFrame(at) OVER each AS before_at"
    f"   FROM (SELECT id, {_SAMPLED} AS at, v FROM {{database}}.samples"
    f"    WHERE {_IN_TIME} AND id IN (SELECT id FROM ({_SERIES})))"
    "   WINDOW each AS (PARTITION BY id ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))"
    "  WHERE at > {start:Int64} AND at <= {end:Int64} AND grown > 0) AS samples"
    f" INNER JOIN ({_SERIES}) AS named USING id"
    " GROUP BY service, shown, place ORDER BY service, shown, place LIMIT {most:UInt32}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanCounts:
    """What was counted in (start, end].

    `began`: since when (Unix nanoseconds, as far as an hour before the start) which operation of a
    service and kind is counted. `counted`: by service, operation and place, calls and errors, in
    that order; the place p is the time from (p - 1) bins to p bins, its end included.
    """

    began: dict[tuple[str, str, str], int]
    counted: tuple[tuple[str, str, int, float, float], ...]


def span_counts(
    store: Store,
    services: Sequence[str],
    kinds: Sequence[str],
    *,
    start_ns: int,
    end_ns: int,
    bin_ns: int,
    by_operation: bool,
) -> SpanCounts | None:
    """`kinds` in lower case, () for all; without `by_operation` the operation counted is "".

    None where it would be too much. Raises StoreAway and StoreError.
    """

    def asked(sql: str, **more: int) -> list[tuple[Any, ...]]:
        return store.query(
            sql,
            services=list(services),
            kinds=list(kinds),
            start=start_ns // _MS,
            end=end_ns // _MS,
            back=_BACK_MS,
            **more,
        )

    counted = asked(
        _GROWN,
        whole=int(not by_operation),
        bin=bin_ns // _MS,
        forgotten=_FORGOTTEN_MS,
        most=_MOST_ROWS,
    )
    if len(counted) == _MOST_ROWS:
        return None
    return SpanCounts(
        began={(row[0], row[1], row[2]): row[3] * _MS for row in asked(_BEGAN)},
        counted=tuple((row[0], row[1], row[2], row[3], row[4]) for row in counted),
    )
