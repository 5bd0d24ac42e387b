"""Remembers what each step made of its last inputs."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import is_
from typing import Any, TypeVar, cast

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

MAX_GROWTH = 4
SMALL = 20_000


class Memo:
    """One slot per thing that is made: its last inputs and what came of them.

    A step whose inputs are the same objects as last time is not run again. A step that runs and
    makes an equal value gives out the earlier object, so identity means "unchanged" throughout.
    A function must depend on its arguments and its slot alone.
    """

    def __init__(self) -> None:
        self._slots: dict[Hashable, tuple[tuple[Any, ...], Any]] = {}
        self._usual = 0

    def __call__(self, slot: Hashable, step: Callable[..., T], *given: Any) -> T:
        """`step(*given)`, or what it made of the same objects before."""
        last = self._slots.get(slot)
        if last is not None:
            for a, b in zip(last[0], given, strict=True):
                if a is not b:
                    break
            else:
                return cast(T, last[1])
        made = step(*given)
        if last is not None and last[1] == made:
            made = last[1]
        self._slots[slot] = (given, made)
        return made

    def exact(self, slot: Hashable, step: Callable[[A, B], T], first: A, second: B) -> T:
        """As a call, for two inputs that are never equal without being the same."""
        last = self._slots.get(slot)
        if last is not None and last[0][0] is first and last[0][1] is second:
            return cast(T, last[1])
        made = step(first, second)
        self._slots[slot] = ((first, second), made)
        return made

    def same(self, slot: Hashable, value: T) -> T:
        """The value given before in this slot if it equals this one."""
        last = self._slots.get(slot)
        if last is not None and (last[1] is value or last[1] == value):
            return cast(T, last[1])
        self._slots[slot] = ((), value)
        return value

    def group(self, slot: Hashable, items: Iterable[T]) -> tuple[T, ...]:
        """The items as a tuple: the earlier one if it has the same objects."""
        made = tuple(items)
        last = self._slots.get(slot)
        if last is not None:
            before = cast(tuple[T, ...], last[1])
            if are_same(before, made):
                return before
        self._slots[slot] = ((), made)
        return made

    def each(
        self,
        slot: Hashable,
        step: Callable[..., T],
        columns: tuple[Sequence[Any], ...],
        *given: Any,
    ) -> tuple[T, ...]:
        """`step(*row)` of each row of the columns, which are of one length.

        A row of the same objects as one of last time, wherever that stood, is not asked again. The
        step must depend on its row and `given` alone.
        """
        last = self._slots.get(slot)
        known: dict[tuple[int, ...], T] = {}
        before: tuple[T, ...] | None = None
        if last is not None:
            (old_columns, old_given), before = last
            if are_same(old_given, given):
                if are_same(old_columns, columns):
                    return before
                known = dict(zip(_ids(old_columns), before, strict=True))
        made = tuple(
            [
                known[ids] if ids in known else step(*row)
                for ids, row in zip(_ids(columns), zip(*columns, strict=True), strict=True)
            ]
        )
        if before is not None and are_same(before, made):
            made = before
        self._slots[slot] = ((columns, given), made)
        return made

    def settle(self) -> None:
        """Between compiles: forget everything once slots of what is gone outweigh the rest."""
        if not self._usual:
            self._usual = max(len(self._slots), SMALL if self._slots else 0)
        elif len(self._slots) > MAX_GROWTH * self._usual:
            self._slots.clear()
            self._usual = 0


def are_same(before: Sequence[object], after: Sequence[object]) -> bool:
    """Whether they hold the very same objects in the same order."""
    return len(before) == len(after) and all(map(is_, before, after))


def _ids(columns: tuple[Sequence[object], ...]) -> "zip[tuple[int, ...]]":
    return zip(*[map(id, column) for column in columns], strict=True)
