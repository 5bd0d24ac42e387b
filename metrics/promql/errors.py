"""Why a query has no answer: a value for callers, raised only inside the engine."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Prometheus's `errorType`s."""

    BAD_DATA = "bad_data"
    EXECUTION = "execution"
    TIMEOUT = "timeout"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A query that cannot be answered. `position` is an offset in the query, where one is known."""

    reason: Reason
    message: str
    position: int | None = None
    hint: str = ""
    limit: str = ""
    """Name of the limit that refused the query, as in `Limits`."""


class QueryError(Exception):
    """Carries a Failure out of a deep evaluation; `engine` turns it back into a value."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def execution_error(message: str) -> QueryError:
    return QueryError(Failure(reason=Reason.EXECUTION, message=message))


def bad_data(message: str, position: int | None = None, hint: str = "") -> QueryError:
    return QueryError(
        Failure(reason=Reason.BAD_DATA, message=message, position=position, hint=hint)
    )
