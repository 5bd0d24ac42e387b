"""Answers kept by the very values they were made from."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import ref

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")

MOST = 10_000


class Remembered(Generic[K, V]):
    """A pure function's answers.

    A value is found by identity first, for hashing a deep one costs more than its answer; an
    equal value that is another object is found by its hash. When more than `most` answers have
    gathered, those not used since the last time that happened are forgotten.
    """

    def __init__(self, make: Callable[[K], V], most: int = MOST) -> None:
        self._make = make
        self._most = most
        self._same: dict[int, tuple[K, V]] = {}
        self._equal: dict[K, V] = {}
        self._older: dict[K, V] = {}

    def __call__(self, key: K) -> V:
        """For values that live long: they are recognised by identity."""
        same = self._same.get(id(key))
        if same is not None:
            return same[1]
        value = self.by_value(key)
        if len(self._same) >= 4 * self._most:
            self._same = {}
        # holding the key keeps its identity from being given to another value
        self._same[id(key)] = (key, value)
        return value

    def by_value(self, key: K) -> V:
        """For keys made for the call."""
        value = self._equal.get(key)
        if value is None:
            value = self._older.get(key)
            if value is None:
                value = self._make(key)
            if len(self._equal) >= self._most:
                self._older, self._equal = self._equal, {}
            self._equal[key] = value
        return value


class Recognised(Generic[V]):
    """A pure function's answers by the identity of long-lived values only: no hash is ever made."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._same: dict[int, tuple[object, V]] = {}

    def __call__(self, given: T, make: Callable[[T], V]) -> V:
        same = self._same.get(id(given))
        if same is not None:
            return same[1]
        if len(self._same) >= self._most:
            self._same = {}
        value = make(given)
        # holding the value keeps its identity from being given to another one
        self._same[id(given)] = (given, value)
        return value


class Lent(Generic[V]):
    """As `Recognised`, but an answer is kept only while somebody else keeps it: for large ones."""

    def __init__(self, most: int = MOST // 10) -> None:
        self._most = most
        self._same: dict[int, tuple[object, ref[V]]] = {}

    def __call__(self, given: T, make: Callable[[T], V]) -> V:
        same = self._same.get(id(given))
        value = same[1]() if same is not None else None
        if value is None:
            if len(self._same) >= self._most:
                self._same = {}
            value = make(given)
            self._same[id(given)] = (given, ref(value))
        return value
