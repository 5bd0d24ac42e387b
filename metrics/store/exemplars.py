"""Exemplars: single samples that name what they were taken from, a trace mostly."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from metrics.promql.ast import Matcher
from metrics.promql.labels import Labels
from metrics.store import conditions, names
from metrics.store.asking import Asking

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Exemplar:
    labels: dict[str, str]
    value: float
    time_ms: int


def read(
    asking: Asking, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int
) -> dict[Labels, list[Exemplar]]:
    """By series, in order of time, of [start, end]; the newest MOST. Raises RegexError."""
    condition = conditions.of_any(selectors)
    conditions.seen_since(condition, start_ms)
    series = condition.sql
    named = names.read(asking, condition)
    between = conditions.between(condition, start_ms - 1, end_ms)
    sql = (
        "SELECT id, toUnixTimestamp64Milli(t) AS ms, v, labels FROM {database}.exemplars"  # noqa: S608  values travel as parameters
        f" WHERE id IN (SELECT id FROM {{database}}.series WHERE {series}) AND {between}"
        f" ORDER BY ms DESC LIMIT {MOST:d}"
    )
    found: dict[Labels, list[Exemplar]] = {}
    for line in reversed(asking.rows(sql, "JSONCompactEachRow", condition.parameters).splitlines()):
        number, time_ms, value, labels = orjson.loads(line)
        of_series = named.get(int(number))
        if of_series is not None:
            found.setdefault(of_series, []).append(Exemplar(labels, value, int(time_ms)))
    return found
