"""Questions to the store on behalf of a request: what it cannot answer is an answer of its own."""

from collections.abc import Callable
from typing import TypeVar

from rest.contracts import Refusal
from telemetry.facade import Store, StoreAway, StoreError, store

T = TypeVar("T")

_CANNOT_COMPILE_PATTERN = 427


def asked(question: Callable[[Store], T]) -> T:
    """Raises Refusal: 503 where the store is away or gave up, 422 for a pattern that is none."""
    try:
        return question(store())
    except StoreAway as error:
        raise Refusal(503, "store_away", "the telemetry store does not answer just now") from error
    except StoreError as error:
        if error.code == _CANNOT_COMPILE_PATTERN:
            raise Refusal(422, "bad_pattern", f"not a pattern (RE2): {_reason(error)}") from error
        raise Refusal(
            503, "store_refused", f"the telemetry store gave up: {str(error)[:200]}"
        ) from error


def _reason(error: StoreError) -> str:
    return str(error).partition("DB::Exception: ")[2][:200] or "the store does not take it"
