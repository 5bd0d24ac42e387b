"""Waiting for what becomes true soon."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(what: str, check: Callable[[], T | None], within: float, every: float = 0.1) -> T:
    """The first truthy answer of `check`. Fails the test when there is none `within` seconds.

    An OSError or AssertionError of `check` counts as no answer yet.
    """
    end = time.monotonic() + within
    last: object = None
    while True:
        try:
            answer = check()
            if answer:
                return answer
            last = answer
        except (OSError, AssertionError) as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:g} s: {what} (last: {last!r})")
        time.sleep(every)
