"""A small language for what fields a kind has, and the walk that compares a spec with it."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

Problem = tuple[str, str, tuple[object, ...]]
"""A finding without its resource: code, path, words."""

DURATION = re.compile(r"(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:h|ms|us|µs|ns|m|s))+$")
DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(h|ms|us|µs|ns|m|s)")
UNIT_MS = {"h": 3_600_000.0, "m": 60_000.0, "s": 1000.0, "ms": 1.0, "us": 1e-3, "µs": 1e-3, "ns": 1e-6}  # fmt: skip
MAX_DURATION_MS = 365 * 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """What a value may be. `enforced` False: it is read and stored, and has no effect."""

    enforced: bool = True
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(Type):
    """`what` names it in a sentence; numbers lie in [low, high]."""

    what: str
    python: tuple[type, ...]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(Type):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum(Type):
    """`later` are valid values that have no effect yet."""

    values: tuple[str, ...]
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Type):
    items: Type
    at_least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf(Type):
    """Any string keys; `integer_keys` asks for numbers written as keys."""

    values: Type
    integer_keys: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields(Type):
    """A mapping with known keys; of each group in `one_of` at most one may be set."""

    fields: Mapping[str, Type]
    one_of: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Anything(Type):
    pass


STRING = Scalar(what="text", python=(str,))
BOOL = Scalar(what="true or false", python=(bool,))
INT = Scalar(what="a whole number", python=(int,))
UINT = Scalar(what="a whole number from 0", python=(int,), low=0, high=2**32 - 1)
PORT = Scalar(what="a port from 1 to 65535", python=(int,), low=1, high=65535)
NUMBER = Scalar(what="a number", python=(int, float))
PERCENT = Scalar(what="a number from 0 to 100", python=(int, float), low=0, high=100)
DURATION_VALUE = Duration()
ANYTHING = Anything()


AnyType = TypeVar("AnyType", bound=Type)


def fields(**known: Type) -> Fields:
    return Fields(fields=known)


def choice(*groups: tuple[str, ...], **known: Type) -> Fields:
    """Fields of which at most one of each group may be set."""
    return Fields(fields=known, one_of=groups)


def list_of(items: Type, at_least: int = 0) -> ListOf:
    return ListOf(items=items, at_least=at_least)


def map_of(values: Type) -> MapOf:
    return MapOf(values=values)


def enum(*values: str, later: tuple[str, ...] = ()) -> Enum:
    return Enum(values=values, later=later)


def later(kind: AnyType) -> AnyType:
    """The field exists and has no effect yet."""
    return replace(kind, enforced=False)


def required(kind: AnyType) -> AnyType:
    return replace(kind, required=True)


STRINGS = list_of(STRING)
STRING_MAP = map_of(STRING)
STRING_MATCH = choice(("exact", "prefix", "regex"), exact=STRING, prefix=STRING, regex=STRING)
SELECTOR = fields(matchLabels=STRING_MAP)
TARGET = fields(group=STRING, kind=required(STRING), name=required(STRING), namespace=later(STRING))


def compare(value: Any, kind: Type, path: str) -> Iterator[Problem]:
    """Everything in which a value differs from its type, depth first in written order."""
    if not kind.enforced:
        yield "MSH1019", path, (path,)
    match kind:
        case Scalar():
            yield from compare_scalar(value, kind, path)
        case Duration():
            yield from compare_duration(value, path)
        case Enum():
            yield from compare_enum(value, kind, path)
        case ListOf():
            yield from compare_list(value, kind, path)
        case MapOf():
            yield from compare_map(value, kind, path)
        case Fields():
            yield from compare_fields(value, kind, path)
        case _:
            return


def compare_scalar(value: Any, kind: Scalar, path: str) -> Iterator[Problem]:
    is_bool = isinstance(value, bool)
    fits = isinstance(value, kind.python) and is_bool == (bool in kind.python)
    if fits and kind.low is not None:
        fits = value >= kind.low
    if fits and kind.high is not None:
        fits = value <= kind.high
    if not fits:
        yield "MSH1017", path, (leaf(path), kind.what, shown(value))


def compare_duration(value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, str) or duration_ms(value) is None:
        yield "MSH1020", path, (value,)


def compare_enum(value: Any, kind: Enum, path: str) -> Iterator[Problem]:
    if value in kind.later and isinstance(value, str):
        yield "MSH1019", path, (f"{path} {value}",)
    elif value not in kind.values:
        yield "MSH1018", path, (leaf(path), ", ".join(v for v in kind.values if v), value)


def compare_list(value: Any, kind: ListOf, path: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield "MSH1017", path, (leaf(path), "a list", shown(value))
        return
    if len(value) < kind.at_least:
        yield "MSH1021", path, (leaf(path), f"a list of {kind.at_least} or more")
    for i, item in enumerate(value):
        yield from quiet(compare(item, kind.items, f"{path}[{i}]"), kind)


def compare_map(value: Any, kind: MapOf, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield "MSH1017", path, (leaf(path), "a mapping", shown(value))
        return
    for key, item in value.items():
        if kind.integer_keys and not (key.isascii() and key.isdigit()):
            yield "MSH1017", f"{path}.{key}", ("the key", "a number", shown(key))
        yield from quiet(compare(item, kind.values, f"{path}.{key}"), kind)


def compare_fields(value: Any, kind: Fields, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield "MSH1017", path, (leaf(path), "a mapping", shown(value))
        return
    for key, item in value.items():
        if key not in kind.fields:
            yield "MSH1016", f"{path}.{key}", (key, tuple(kind.fields))
        elif item is not None:
            yield from quiet(compare(item, kind.fields[key], f"{path}.{key}"), kind)
    for key, known in kind.fields.items():
        if known.required and value.get(key) is None:
            yield "MSH1011", f"{path}.{key}", (f"{path}.{key}",)
    for group in kind.one_of:
        given = [key for key in group if value.get(key) is not None]
        if len(given) > 1:
            yield "MSH1022", path, (", ".join(given),)


def quiet(problems: Iterator[Problem], parent: Type) -> Iterator[Problem]:
    """Under a field without effect, its parts need not say so again."""
    return problems if parent.enforced else (p for p in problems if p[0] != "MSH1019")


def nearest(word: str, known: tuple[str, ...], what: str = "fields here") -> str:
    """A remedy for a misspelt word: the one that was meant, or those there are."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"the {what} are {', '.join(known)}"


def leaf(path: str) -> str:
    return path.rpartition(".")[2]


def shown(value: Any) -> str:
    """A value in a sentence: short, and its type where it is a collection."""
    match value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case str():
            return repr(value[:60])
        case _:
            return str(value)[:60]


def duration_ms(text: str) -> int | None:
    """Go's durations ("1m30s", "250ms") in whole milliseconds; None where it is none."""
    if text == "0":
        return 0
    if len(text) > 60 or not DURATION.fullmatch(text):
        return None
    total = sum(float(n) * UNIT_MS[unit] for n, unit in DURATION_PART.findall(text))
    return int(total) if total <= MAX_DURATION_MS else None
