"""One reader's way to the store: its deadline, and whether the reader is still there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from metrics.promql.errors import Failure, QueryError, Reason
from metrics.promql.limits import never
from metrics.store.conditions import Parameter
from telemetry.facade import Abandoned, Store, StoreError

MEMORY_EXCEEDED = 241
RESULT_TOO_LARGE = frozenset({MEMORY_EXCEEDED, 396})
_TIMED_OUT = 159
_SLACK_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """`cancelled` says that nobody waits for the answer any more."""

    store: Store
    seconds: float = 120.0
    cancelled: Callable[[], bool] = never
    clock: Callable[[], float] = time.monotonic
    began: float = field(default_factory=time.monotonic)

    def rows(self, sql: str, form: str, parameters: dict[str, Parameter]) -> bytes:
        """Raises QueryError (timeout, canceled), StoreAway, and StoreError for the rest."""
        left = self.began + self.seconds - self.clock()
        if left <= 0:
            raise self._late()
        settings = {
            "max_execution_time": f"{left:.3f}",
            "enable_time_series_aggregate_functions": "1",
        }
        try:
            return self.store.read(
                sql, form, settings=settings, abandoned=self._abandoned, **parameters
            )
        except Abandoned:
            if self.cancelled():
                failure = Failure(reason=Reason.CANCELED, message="query was canceled")
                raise QueryError(failure) from None
            raise self._late() from None
        except StoreError as error:
            if error.code == _TIMED_OUT:
                raise self._late() from None
            raise

    def _abandoned(self) -> bool:
        return self.cancelled() or self.clock() > self.began + self.seconds + _SLACK_SECONDS

    def _late(self) -> QueryError:
        message = f"query timed out after {self.seconds:g} s"
        return QueryError(Failure(reason=Reason.TIMEOUT, message=message, limit="seconds"))
