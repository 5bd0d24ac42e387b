"""What a query may cost, and the purse it pays from."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from metrics.promql.errors import Failure, QueryError, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """0 or None means unbounded."""

    samples: int = 50_000_000
    """Samples read and values made, over the whole query."""
    subquery_steps: int = 5_000_000
    """Moments at which one subquery is evaluated."""
    series: int = 100_000
    """Series of one selector."""
    steps: int = 11_000
    """Points per series of a range query, as Prometheus."""
    seconds: float | None = 120.0


def never() -> bool:
    return False


@dataclass(slots=True)
class Budget:
    """What one running query has left. `cancelled` is asked between the parts of its work."""

    limits: Limits
    cancelled: Callable[[], bool] = never
    clock: Callable[[], float] = time.monotonic
    samples: int = 0
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def check(self) -> None:
        if self.cancelled():
            raise QueryError(Failure(reason=Reason.CANCELED, message="query was canceled"))
        allowed = self.limits.seconds
        if allowed is not None and self.clock() - self.started > allowed:
            message = f"query timed out after {allowed:g} s"
            raise QueryError(Failure(reason=Reason.TIMEOUT, message=message, limit="seconds"))

    def spend(self, samples: int) -> None:
        self.samples += samples
        if self.limits.samples and self.samples > self.limits.samples:
            raise _too_much("samples", self.limits.samples, "load or make too many samples")
        self.check()

    def allow_subquery(self, steps: int) -> None:
        if self.limits.subquery_steps and steps > self.limits.subquery_steps:
            allowed = self.limits.subquery_steps
            raise _too_much("subquery_steps", allowed, "evaluate a subquery too often")

    def allow_series(self, count: int) -> None:
        if self.limits.series and count > self.limits.series:
            raise _too_much("series", self.limits.series, "select too many series")


def _too_much(limit: str, allowed: int, what: str) -> QueryError:
    message = f"query processing would {what}: the limit is {allowed} {limit}"
    return QueryError(Failure(reason=Reason.EXECUTION, message=message, limit=limit))


def too_many_steps(count: int, limits: Limits) -> Failure | None:
    """Refused before anything is read."""
    if not limits.steps or count <= limits.steps:
        return None
    message = (
        f"exceeded maximum resolution of {limits.steps:,} points per timeseries. "
        "Try decreasing the query resolution (?step=XX)"
    )
    return Failure(reason=Reason.BAD_DATA, message=message, limit="steps")
