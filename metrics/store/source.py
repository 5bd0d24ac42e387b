"""PromQL's source of samples: what to read, in parts that neither side's memory feels."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import orjson

from metrics.promql.ast import Matcher
from metrics.promql.errors import Failure, QueryError, Reason
from metrics.promql.limits import Limits
from metrics.promql.pushdown import Plan
from metrics.promql.series import Batch, Grid
from metrics.store import conditions, grids
from metrics.store.asking import RESULT_TOO_LARGE, Asking
from metrics.store.binary import SAMPLE
from metrics.store.conditions import Condition
from metrics.store.names import Names
from telemetry.facade import StoreError

PART_SAMPLES = 700_000
"""Read at a time: half of what the embedded store lets one answer be."""
PART_CELLS = 1_500_000
"""Series times steps computed at a time."""
PAYS_SAMPLES = 1_000_000
"""Fewer than these are sooner here than computed there."""
PAYS_RATIO = 8
"""Samples per point of the answer from which on computing there costs less than carrying them."""
_IDS = 1 << 64


@dataclass(frozen=True, slots=True)
class Size:
    samples: int
    series: int


def pays(size: Size, plan: Plan) -> bool:
    points = size.series * plan.ends.count
    return size.samples > max(PAYS_SAMPLES, PAYS_RATIO * points)


@dataclass(slots=True, kw_only=True)
class ClickHouseSource:
    """Of one query. `pays` decides what ClickHouse computes itself."""

    asking: Asking
    names: Names
    limits: Limits = field(default_factory=Limits)
    pays: Callable[[Size, Plan], bool] = field(default=pays)
    _sizes: dict[tuple[tuple[Matcher, ...], int, int], Size] = field(default_factory=dict)

    def select(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Batch:
        size = self._size(matchers, after_ms, until_ms)
        self._refuse_much(size)
        if size.samples == 0:
            return Batch.of([])
        parts = max(1, -(-size.samples // PART_SAMPLES))
        found = [
            np.frombuffer(rows, SAMPLE)
            for rows in self._in_parts(
                parts, lambda low, high: self._read(matchers, (after_ms, until_ms), low, high)
            )
        ]
        return self._batch(_once(np.concatenate(found)), matchers, after_ms)

    def compute(self, plan: Plan) -> Grid | None:
        """As the engine would, to nine digits."""
        ends = plan.ends
        last = ends.start + (ends.count - 1) * ends.interval
        after = ends.start - plan.range_ms
        if after <= conditions.EARLIEST_MS or last >= conditions.LATEST_MS:
            return None
        size = self._size(plan.matchers, after, last)
        if not self.pays(size, plan):
            return None
        if size.series > self.limits.series > 0:
            raise _too_much("series", self.limits.series, "select too many series")
        cells = size.series * ends.count
        parts = max(1, -(-size.samples // (2 * PART_SAMPLES)), -(-cells // PART_CELLS))
        answers = self._in_parts(parts, lambda low, high: self._compute(plan, after, low, high))
        return grids.merged(plan, answers)

    def _size(self, matchers: tuple[Matcher, ...], after_ms: int, until_ms: int) -> Size:
        key = matchers, after_ms, until_ms
        if key not in self._sizes:
            condition = _series(matchers, after_ms)
            series = condition.sql
            between = conditions.between(condition, after_ms, until_ms)
            sql = (
                "SELECT count(), uniqExact(id) FROM {database}.samples WHERE id IN"  # noqa: S608  values travel as parameters
                f" (SELECT id FROM {{database}}.series WHERE {series}) AND {between}"
            )
            rows = self.asking.rows(sql, "JSONCompactEachRow", condition.parameters)
            self._sizes[key] = Size(*map(int, orjson.loads(rows)))
        return self._sizes[key]

    def _refuse_much(self, size: Size) -> None:
        """Before anything is read."""
        if size.samples > self.limits.samples > 0:
            raise _too_much("samples", self.limits.samples, "load too many samples into memory")
        if size.series > self.limits.series > 0:
            raise _too_much("series", self.limits.series, "select too many series")

    def _in_parts(self, parts: int, ask: Callable[[int, int], bytes]) -> Iterator[bytes]:
        """Ids are hashes: equal ranges of them hold about as many series."""
        bounds = [_IDS * part // parts for part in range(parts + 1)]
        for low, high in pairwise(bounds):
            yield from _halving(ask, low, high - 1)

    def _read(
        self, matchers: Sequence[Matcher], span: tuple[int, int], low: int, high: int
    ) -> bytes:
        condition = _series(matchers, span[0])
        where = _samples(condition, span, low, high)
        sql = f"SELECT id, t, v FROM {{database}}.samples WHERE {where} ORDER BY id, t"  # noqa: S608  values travel as parameters
        return self.asking.rows(sql, "RowBinary", condition.parameters)

    def _compute(self, plan: Plan, after: int, low: int, high: int) -> bytes:
        condition = _series(plan.matchers, after)
        last = plan.ends.start + (plan.ends.count - 1) * plan.ends.interval
        series = condition.sql
        where = _samples(condition, (after, last), low, high)
        sql = grids.statement(plan, condition, where, series)
        return self.asking.rows(sql, "RowBinary", condition.parameters)

    def _batch(self, found: np.ndarray, matchers: Sequence[Matcher], after_ms: int) -> Batch:
        ids = found["id"]
        heads = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))
        numbers = ids[heads].tolist()
        known = self.names.of(numbers, self.asking, _series(matchers, after_ms))
        if any(number not in known for number in numbers):  # samples of a series not announced yet
            named = np.array([number in known for number in numbers])
            lengths = np.diff(np.append(heads, len(found)))
            return self._batch(found[np.repeat(named, lengths)], matchers, after_ms)
        return Batch(
            tuple([known[number] for number in numbers]),
            np.append(heads, len(found)).astype(np.int64),
            np.ascontiguousarray(found["t"]),
            np.ascontiguousarray(found["v"]),
        )


def _series(matchers: Sequence[Matcher], after_ms: int) -> Condition:
    condition = conditions.of_matchers(matchers)
    conditions.seen_since(condition, after_ms)
    return condition


def _samples(condition: Condition, span: tuple[int, int], low: int, high: int) -> str:
    series = condition.sql
    between = conditions.between(condition, *span)
    ids = f"id IN (SELECT id FROM {{database}}.series WHERE {series})"  # noqa: S608  values travel as parameters
    if (low, high) != (0, _IDS - 1):
        least = condition.parameter("UInt64", low)
        ids = f"{ids} AND id >= {least} AND id <= {condition.parameter('UInt64', high)}"
    return f"{ids} AND {between}"


def _halving(ask: Callable[[int, int], bytes], low: int, high: int) -> Iterator[bytes]:
    """Asks for halves of what is too large for one answer. Raises QueryError where that is one id."""
    try:
        yield ask(low, high)
    except StoreError as error:
        if error.code not in RESULT_TOO_LARGE:
            raise
        if high - low < _IDS >> 12:
            message = "query processing would load too many samples of one series into memory"
            failure = Failure(reason=Reason.EXECUTION, message=message, limit="memory")
            raise QueryError(failure) from None
        middle = (low + high) // 2
        yield from _halving(ask, low, middle)
        yield from _halving(ask, middle + 1, high)


def _once(found: np.ndarray) -> np.ndarray:
    """A sample that was sent twice counts once."""
    if len(found) < 2:
        return found
    again = (found["id"][1:] == found["id"][:-1]) & (found["t"][1:] == found["t"][:-1])
    return found[np.concatenate([[True], ~again])] if again.any() else found


def _too_much(limit: str, allowed: int, what: str) -> QueryError:
    message = f"query processing would {what} in query execution: the limit is {allowed} {limit}"
    return QueryError(Failure(reason=Reason.EXECUTION, message=message, limit=limit))
