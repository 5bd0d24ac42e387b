"""A small language for what Kubernetes and Istio accept in a spec, and the walk that compares.

It says what an API server refuses (types, bounds, patterns, rules between fields). What of it
Meshweb reads and enforces is another matter: `routing.parse.fields`. Unknown fields are let be,
as an API server drops them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from routing.parse.schema import duration_ms

Problem = tuple[str, str]
"""Path and sentence."""

Check = Callable[[Any], str | None]
"""What is wrong with a value of the right type, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    least: int = 0
    most: int | None = None
    pattern: str | None = None
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """A duration as Go writes it; `least_ms` is the least."""

    least_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """A list. `unique`: no two items are the same in these fields (() compares nothing)."""

    items: "Kind"
    at_least: int = 0
    at_most: int | None = None
    unique: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping with any keys."""

    values: "Kind"
    at_most: int | None = None
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A mapping with known fields. Of each group in `one_of` at most one may be there."""

    fields: Mapping[str, "Kind"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    exactly: tuple[tuple[str, ...], ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Anything, null too."""


Kind = Text | Whole | Real | Flag | OneOf | Lasting | Many | Table | Shape | Free

TEXT, FILLED, FLAG, FREE, NUMBER = Text(), Text(least=1), Flag(), Free(), Real()
INT = Whole(low=-(2**31), high=2**31 - 1)
UINT = Whole(low=0, high=2**32 - 1)
PORT = Whole(low=1, high=65535)
DURATION, POSITIVE = Lasting(), Lasting(least_ms=1)
TEXTS = Many(items=TEXT)


def shape(
    base: Mapping[str, Kind] | None = None,
    *,
    required: tuple[str, ...] = (),
    one_of: tuple[tuple[str, ...], ...] = (),
    exactly: tuple[tuple[str, ...], ...] = (),
    checks: tuple[Check, ...] = (),
    **fields: Kind,
) -> Shape:
    """A Shape of the fields of `base` and those named."""
    return Shape(
        fields={**(base or {}), **fields},
        required=required,
        one_of=one_of,
        exactly=exactly,
        checks=checks,
    )


def many(items: Kind, **bounds: Any) -> Many:
    return Many(items=items, **bounds)


def table(values: Kind, **bounds: Any) -> Table:
    return Table(values=values, **bounds)


def one_of(*values: str) -> OneOf:
    return OneOf(values=values)


def problems(value: Any, kind: Kind, path: str) -> Iterator[Problem]:
    """Everything an API server would refuse, depth first."""
    match kind:
        case Free():
            return
        case Shape():
            yield from shape_problems(value, kind, path)
        case Many():
            yield from list_problems(value, kind, path)
        case Table():
            yield from table_problems(value, kind, path)
        case _:
            wrong = scalar_problem(value, kind)
            if wrong:
                yield path, f"{path} {wrong}"


def shape_problems(value: Any, kind: Shape, path: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield path, f"{path} must be a mapping"
        return
    for key, item in value.items():
        if key in kind.fields:
            yield from problems(item, kind.fields[key], f"{path}.{key}")
    for key in kind.required:
        if key not in value:
            yield f"{path}.{key}", f"{path}.{key} is required"
    for group in kind.one_of:
        given = [key for key in group if value.get(key) is not None]
        if len(given) > 1:
            yield path, f"only one of {', '.join(group)} can be set in {path}"
    for group in kind.exactly:
        if sum(value.get(key) is not None for key in group) != 1:
            yield path, f"exactly one of {', '.join(group)} must be set in {path}"
    yield from checked(value, kind.checks, path)


def list_problems(value: Any, kind: Many, path: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield path, f"{path} must be a list"
        return
    if len(value) < kind.at_least:
        yield path, f"{path} must have {kind.at_least} or more items"
    if kind.at_most is not None and len(value) > kind.at_most:
        yield path, f"{path} must have at most {kind.at_most} items"
    for i, item in enumerate(value):
        yield from problems(item, kind.items, f"{path}[{i}]")
    for key in kind.unique:
        seen = set()
        for i, item in enumerate(value):
            given = item.get(key) if isinstance(item, Mapping) else None
            if given is not None and repr(given) in seen:
                yield f"{path}[{i}].{key}", f"duplicate {key} {given!r} in {path}"
            seen.add(repr(given))
    yield from checked(value, kind.checks, path)


def table_problems(value: Any, kind: Table, path: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield path, f"{path} must be a mapping"
        return
    if kind.at_most is not None and len(value) > kind.at_most:
        yield path, f"{path} must have at most {kind.at_most} entries"
    for key, item in value.items():
        yield from problems(item, kind.values, f"{path}.{key}")
    yield from checked(value, kind.checks, path)


def checked(value: Any, checks: tuple[Check, ...], path: str) -> Iterator[Problem]:
    for check in checks:
        wrong = attempt(check, value)
        if wrong:
            yield path, f"{path}: {wrong}"


def attempt(check: Check, value: Any) -> str | None:
    """A check reads fields whose types may be wrong, which has been said already."""
    try:
        return check(value)
    except (TypeError, AttributeError, ValueError, KeyError, IndexError):
        return None


def scalar_problem(value: Any, kind: Kind) -> str | None:
    match kind:
        case Text():
            return text_problem(value, kind)
        case OneOf(values=values):
            return None if value in values else f"must be one of {', '.join(values)}"
        case Lasting(least_ms=least):
            return duration_problem(value, least)
        case Whole(low=low, high=high) | Real(low=low, high=high):
            return number_problem(value, isinstance(kind, Whole), low, high)
        case Flag():
            return None if isinstance(value, bool) else "must be true or false"
        case _:
            return None


def number_problem(value: Any, whole: bool, low: float | None, high: float | None) -> str | None:
    fits = isinstance(value, int) or (not whole and isinstance(value, float))
    if isinstance(value, bool) or not fits:
        return "must be a whole number" if whole else "must be a number"
    return bounds_problem(value, low, high)


def bounds_problem(value: float, low: float | None, high: float | None) -> str | None:
    if low is not None and value < low:
        return f"must be at least {low:g}"
    if high is not None and value > high:
        return f"must be at most {high:g}"
    return None


def duration_problem(value: Any, least: int | None) -> str | None:
    length = duration_ms(value) if isinstance(value, str) else None
    if length is None:
        return "must be a duration like 500ms or 2s"
    if least is not None and length < least:
        return f"must be a duration of {least} ms or more"
    return None


def text_problem(value: Any, kind: Text) -> str | None:
    if not isinstance(value, str):
        return "must be text"
    if len(value) < kind.least:
        return f"must have {kind.least} or more characters"
    if kind.most is not None and len(value) > kind.most:
        return f"must have at most {kind.most} characters"
    if kind.pattern is not None and not re.search(kind.pattern, value):
        return f"must match {kind.pattern}"
    return next((wrong for wrong in (attempt(c, value) for c in kind.checks) if wrong), None)
