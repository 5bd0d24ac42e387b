"""The labels of series by id. An id is made of its labels, so what is known of it stays true."""

import threading
from collections.abc import Iterable, Mapping

import orjson

from metrics.promql import labels as label_sets
from metrics.promql.labels import NAME, Labels
from metrics.store.asking import Asking
from metrics.store.conditions import Condition

KEPT = 200_000
_SQL = "SELECT id, any(name), any(labels) FROM {{database}}.series WHERE {} GROUP BY id"


class Names:
    """Thread-safe; what is known is forgotten as a whole when it becomes much."""

    def __init__(self) -> None:
        self._known: dict[int, Labels] = {}
        self._writing = threading.Lock()

    def of(self, ids: Iterable[int], asking: Asking, condition: Condition) -> Mapping[int, Labels]:
        """Labels of those of the ids that are announced; `condition` accepts all of them."""
        known: Mapping[int, Labels] = self._known
        if any(one not in known for one in ids):
            known = self._learn(asking, condition)
        return known

    def _learn(self, asking: Asking, condition: Condition) -> Mapping[int, Labels]:
        found = read(asking, condition)
        with self._writing:
            merged = {**self._known, **found} if len(self._known) < KEPT else found
            self._known = merged
        return merged


def read(asking: Asking, condition: Condition, limit: int = 0) -> dict[int, Labels]:
    """All series of the condition, at most `limit` of them unless it is 0."""
    sql = _SQL.format(condition.sql) + (f" LIMIT {limit:d}" if limit else "")
    rows = asking.rows(sql, "JSONCompactEachRow", condition.parameters)
    return {
        int(number): label_sets.make({**labels, NAME: name})
        for number, name, labels in map(orjson.loads, rows.splitlines())
    }
