"""What there is: label names and values, series, metadata, counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from metrics.promql.ast import Matcher
from metrics.promql.labels import NAME, Labels
from metrics.store import conditions, names
from metrics.store.asking import Asking
from metrics.store.conditions import Condition

RECENT_SQL = "last_seen > now() - INTERVAL 75 MINUTE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Series that one of the selectors accepts, alive within a time.

    Beginnings and ends are as coarse as announcements, unless `end_ms` is given: then only series
    that have samples in [start, end]."""

    matchers: tuple[Sequence[Matcher], ...] = ()
    start_ms: int
    end_ms: int | None = None

    def condition(self) -> Condition:
        condition = conditions.of_any(self.matchers)
        conditions.seen_since(condition, self.start_ms)
        if self.end_ms is not None:
            between = conditions.between(condition, self.start_ms - 1, self.end_ms)
            sampled = f"SELECT id FROM {{database}}.samples WHERE {between}"  # noqa: S608  values travel as parameters
            condition.terms.append(f"id IN ({sampled})")
        return condition


@dataclass(frozen=True, slots=True)
class Metadata:
    type: str
    unit: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Of the series that are alive; `top` by Prometheus's names of the lists."""

    series: int
    pairs: int
    parts: int
    oldest_ms: int
    newest_ms: int
    top: Mapping[str, tuple[tuple[str, int], ...]]


def label_names(asking: Asking, scope: Scope) -> list[str]:
    condition = scope.condition()
    sql = (
        "SELECT DISTINCT arrayJoin(arrayPushFront(mapKeys(labels), {name:String}))"  # noqa: S608  values travel as parameters
        f" FROM {{database}}.series WHERE {condition.sql}"
    )
    return _texts(asking, sql, {**condition.parameters, "name": NAME})


def label_values(asking: Asking, name: str, scope: Scope) -> list[str]:
    condition = scope.condition()
    value = "toString(name)" if name == NAME else "labels[{label:String}]"
    sql = (
        f"SELECT DISTINCT {value} AS value FROM {{database}}.series"  # noqa: S608  values travel as parameters
        f" WHERE {condition.sql} AND value != ''"
    )
    return _texts(asking, sql, {**condition.parameters, "label": name})


def series(asking: Asking, scope: Scope, limit: int) -> list[Labels]:
    """Sorted; at most `limit` unless it is 0."""
    return sorted(names.read(asking, scope.condition(), limit).values())


def metadata(asking: Asking, metric: str, limit: int) -> dict[str, list[Metadata]]:
    """Of one metric, or of all of them ("")."""
    sql = (
        "SELECT name, argMax(type, last_seen), argMax(unit, last_seen), argMax(help, last_seen)"  # noqa: S608  values travel as parameters
        " FROM {database}.metric_metadata WHERE name = {metric:String} OR {metric:String} = ''"
        " GROUP BY name ORDER BY name" + (f" LIMIT {limit:d}" if limit else "")
    )
    rows = asking.rows(sql, "JSONCompactEachRow", {"metric": metric})
    return {
        name: [Metadata(type=kind, unit=unit, help=text)]
        for name, kind, unit, text in map(orjson.loads, rows.splitlines())
    }


_TOP = {
    "seriesCountByMetricName": "SELECT toString(name) AS what, uniqExact(id) AS n FROM {{database}}.series WHERE {} GROUP BY what",
    "labelValueCountByLabelName": "SELECT toString(pair.1) AS what, uniqExact(pair.2) AS n FROM {{database}}.series ARRAY JOIN arrayZip(mapKeys(labels), mapValues(labels)) AS pair WHERE {} GROUP BY what",
    "memoryInBytesByLabelName": "SELECT toString(pair.1) AS what, sum(length(pair.2)) AS n FROM {{database}}.series ARRAY JOIN arrayZip(mapKeys(labels), mapValues(labels)) AS pair WHERE {} GROUP BY what",
    "seriesCountByLabelValuePair": "SELECT concat(pair.1, '=', pair.2) AS what, uniqExact(id) AS n FROM {{database}}.series ARRAY JOIN arrayZip(mapKeys(labels), mapValues(labels)) AS pair WHERE {} GROUP BY what",
}


def statistics(asking: Asking, limit: int) -> Statistics:
    """Of series seen within the last hour."""
    counts = asking.rows(
        "SELECT uniqExact(id), uniqExactArray(arrayZip(mapKeys(labels), mapValues(labels)))"  # noqa: S608  constants
        f" FROM {{database}}.series WHERE {RECENT_SQL}",
        "JSONCompactEachRow",
        {},
    )
    parts = asking.rows(
        "SELECT count(), toUnixTimestamp64Milli(toDateTime64(min(min_time), 3)),"
        " toUnixTimestamp64Milli(toDateTime64(max(max_time), 3)) FROM system.parts"
        " WHERE database = {db:String} AND table = 'samples' AND active",
        "JSONCompactEachRow",
        {"db": asking.store.database},
    )
    number, pairs = map(int, orjson.loads(counts))
    chunks, oldest, newest = map(int, orjson.loads(parts))
    top = {
        name: _ranked(asking, f"{sql.format(RECENT_SQL)} ORDER BY n DESC, what LIMIT {limit:d}")
        for name, sql in _TOP.items()
    }
    return Statistics(
        series=number, pairs=pairs, parts=chunks, oldest_ms=oldest, newest_ms=newest, top=top
    )


def _ranked(asking: Asking, sql: str) -> tuple[tuple[str, int], ...]:
    rows = asking.rows(sql, "JSONCompactEachRow", {})
    return tuple((what, int(n)) for what, n in map(orjson.loads, rows.splitlines()))


def _texts(asking: Asking, sql: str, parameters: dict[str, conditions.Parameter]) -> list[str]:
    rows = asking.rows(sql, "JSONCompactEachRow", parameters)
    return [orjson.loads(line)[0] for line in rows.splitlines()]
