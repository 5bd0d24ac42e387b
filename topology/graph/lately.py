"""What was made last is kept: from one second to the next, a graph's inputs are mostly equal."""

from collections.abc import Callable
from typing import Generic, TypeVar, TypeVarTuple

Given = TypeVarTuple("Given")
Made = TypeVar("Made")

KEPT = 4
"""As many as there are windows of the live graph, and one."""


class Lately(Generic[*Given, Made]):
    """A pure function that remembers its last results. Thread-safe.

    Inputs are compared, not hashed: where they are the same objects, that takes next to nothing.
    """

    def __init__(self, make: Callable[[*Given], Made]) -> None:
        self._make = make
        self._latest: tuple[tuple[tuple[*Given], Made], ...] = ()

    def __call__(self, *given: *Given) -> Made:
        for known, made in self._latest:
            if known == given:
                return made
        made = self._make(*given)
        self._latest = ((given, made), *self._latest[: KEPT - 1])
        return made
