"""Range functions computed by ClickHouse: a plan as a statement, and its answers as a grid."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from metrics.promql import labels as label_sets
from metrics.promql.labels import NAME, Labels
from metrics.promql.pushdown import INSTANT, Plan
from metrics.promql.series import STALE_BITS, Booleans, Floats, Grid, Integers
from metrics.store.binary import Reader
from metrics.store.conditions import Condition

_TO_GRID = {
    "rate": "Rate", "increase": "Increase", "delta": "Delta",
    "irate": "InstantRate", "idelta": "InstantDelta", "changes": "Changes", "resets": "Resets",
    "sum_over_time": "Sum", "avg_over_time": "Avg", "min_over_time": "Min",
    "max_over_time": "Max", "count_over_time": "Count", "last_over_time": "Last",
    "present_over_time": "Count", INSTANT: "Last",
}  # fmt: skip
_KEEPS_NAME = frozenset({INSTANT, "last_over_time"})
_IS_STALE = f"reinterpretAsUInt64({{}}) = {STALE_BITS}"


def statement(plan: Plan, condition: Condition, where: str, series: str) -> str:
    """One row per series or group: its labels, then per step the value, how many series have
    one, and how many of those are numbers."""
    ends = plan.ends
    last = ends.start + (ends.count - 1) * ends.interval
    moments = (
        f"fromUnixTimestamp64Milli({condition.parameter('Int64', ends.start)})",
        f"fromUnixTimestamp64Milli({condition.parameter('Int64', last)})",
        condition.parameter("Decimal(18, 3)", _seconds(ends.interval or 1000)),
        condition.parameter("Decimal(18, 3)", _seconds(plan.range_ms)),
    )
    values = f"timeSeries{_TO_GRID[plan.function]}ToGrid({', '.join(moments)})(t, v)"
    if plan.function == "present_over_time":
        values = f"arrayMap(x -> if(isNull(x), NULL, 1.), {values})"
    if plan.function == INSTANT:
        stale = _IS_STALE.format("assumeNotNull(x)")
        values = f"arrayMap(x -> if(isNull(x) OR {stale}, NULL, x), {values})"
    else:
        where += f" AND NOT ({_IS_STALE.format('v')})"
    fold = {"min": "minForEach", "max": "maxForEach"}.get(plan.aggregation, "sumForEach")
    worst = {"min": "inf", "max": "-inf"}.get(plan.aggregation, "0.")
    unseen = (
        "isNull(x) OR isNaN(assumeNotNull(x))"
        if plan.aggregation in ("min", "max")
        else "isNull(x)"
    )
    return f"""
SELECT key, {fold}(arrayMap(x -> if({unseen}, {worst}, toFloat64(assumeNotNull(x))), r)),
    sumForEach(arrayMap(x -> toUInt64(isNotNull(x)), r)),
    sumForEach(arrayMap(x -> toUInt64(isNotNull(x) AND NOT isNaN(assumeNotNull(x))), r))
FROM (SELECT id, {values} AS r FROM {{database}}.samples WHERE {where} GROUP BY id) AS computed
INNER JOIN (
    SELECT id, {_key(plan, condition)} AS key FROM {{database}}.series WHERE {series} GROUP BY id
) AS named USING id
GROUP BY key"""  # noqa: S608  values travel as parameters


def _key(plan: Plan, condition: Condition) -> str:
    """The labels that remain, sorted."""
    pairs = f"arrayPushFront(arrayMap((k, v) -> (toString(k), v), mapKeys(any(labels)), mapValues(any(labels))), ('{NAME}', toString(any(name))))"
    if plan.aggregation:
        given = condition.parameter("Array(String)", list(plan.labels))
        kept = f"has({given}, p.1)"
        kept = f"NOT {kept} AND p.1 != '{NAME}'" if plan.without else kept
    else:
        kept = "1" if plan.function in _KEEPS_NAME else f"p.1 != '{NAME}'"
    return f"arraySort(arrayFilter(p -> p.2 != '' AND {kept}, {pairs}))"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


@dataclass(slots=True)
class _Row:
    values: Floats
    counts: Integers
    numbers: Integers


def merged(plan: Plan, answers: Iterable[bytes]) -> Grid:
    """A group's series may lie in several answers."""
    found: dict[Labels, _Row] = {}
    for answer in answers:
        for reader in Reader(answer).rows():
            labels = reader.pairs()
            row = _Row(reader.floats(), reader.counts(), reader.counts())
            found[labels] = _together(plan, found[labels], row) if labels in found else row
    if not found:
        return Grid.empty(plan.ends.count)
    rows = list(found.values())
    counts = np.stack([row.counts for row in rows])
    values = np.stack([row.values for row in rows])
    numbers = np.stack([row.numbers for row in rows])
    nameless = np.zeros(len(rows), np.bool_)
    return Grid(
        tuple(map(label_sets.make, map(dict, found))),
        _finished(plan, values, counts, numbers > 0),
        counts > 0,
        nameless,
    ).compact()


def _together(plan: Plan, one: _Row, other: _Row) -> _Row:
    fold = {"min": np.minimum, "max": np.maximum}.get(plan.aggregation, np.add)
    return _Row(
        fold(one.values, other.values), one.counts + other.counts, one.numbers + other.numbers
    )


def _finished(plan: Plan, values: Floats, counts: Integers, some: Booleans) -> Floats:
    match plan.aggregation:
        case "count":
            return counts.astype(np.float64)
        case "group":
            return np.ones(values.shape)
        case "avg":
            return values / np.maximum(counts, 1)
        case "min" | "max":
            return np.where(some, values, np.nan)
        case _:
            return values
