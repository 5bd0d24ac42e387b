"""Questions to the store on behalf of a request: what it cannot answer is an answer of its own."""

from collections.abc import Callable
from typing import TypeVar

from rest.contracts import Refusal
from telemetry.facade import Store, StoreAway, StoreError, store

T = TypeVar("T")

_CANNOT_COMPILE_PATTERN = 427
_LESS = "ask for less time, or for one service or namespace"


def asked(question: Callable[[Store], T]) -> T:
    """Raises Refusal: 422 for a pattern that is none, 503 where the store is away or gave up."""
    try:
        return question(store())
    except StoreAway as error:
        raise Refusal(503, "store_away", "the telemetry store does not answer just now") from error
    except StoreError as error:
        if error.code == _CANNOT_COMPILE_PATTERN:
            reason = f"not a pattern (RE2): {error.reason[:200]}"
            raise Refusal(422, "bad_pattern", reason) from error
        raise Refusal(503, *_why(error)) from error


def _why(error: StoreError) -> tuple[str, str]:
    """A code, and a sentence that says how to ask so that there is an answer."""
    if error.took_too_long:
        return "took_too_long", f"the telemetry store took too long and gave up; {_LESS}"
    if error.wants_too_much:
        return "asked_too_much", f"this needs more memory than one question may have; {_LESS}"
    return "store_refused", f"the telemetry store gave up: {error.reason[:200]}"
