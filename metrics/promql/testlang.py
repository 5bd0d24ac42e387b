"""Prometheus's test scripts: text to commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from metrics.promql import notation
from metrics.promql.notation import Line, NotationError


class ExpectKind(StrEnum):
    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    NO_WARN = "no_warn"
    NO_INFO = "no_info"
    ORDERED = "ordered"
    STRING = "string"
    RANGE_VECTOR = "range vector"


@dataclass(frozen=True, slots=True)
class Expect:
    """`text` must be the message, or `pattern` be found in it; without both any will do."""

    kind: ExpectKind
    text: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Clear:
    line: int


@dataclass(frozen=True, slots=True)
class Load:
    line: int
    interval_ms: int
    series: tuple[Line, ...]
    native: int
    """Series left out because they are native histograms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eval:
    """At `start_ms`, or, with a step, from there to `end_ms`."""

    line: int
    query: str
    start_ms: int
    end_ms: int
    step_ms: int | None
    expects: tuple[Expect, ...]
    series: tuple[Line, ...]
    scalar: float | None

    def of(self, kind: ExpectKind) -> tuple[Expect, ...]:
        return tuple(one for one in self.expects if one.kind is kind)


@dataclass(frozen=True, slots=True)
class Unread:
    """A command that is none, or has what we do not know; `evals` of them are lost."""

    line: int
    reason: str
    evals: int


Command = Clear | Load | Eval | Unread

_INSTANT = re.compile(r"eval(?:_(fail|warn|info|ordered))?\s+instant\s+at\s+(\S+)\s+(.+)")
_RANGE = re.compile(
    r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)"
)
_EXPECT = re.compile(
    r"expect\s+(fail|warn|info|no_warn|no_info|ordered)\b\s*(?:(msg|regex)\s*:\s*(.*))?"
)
_RANGE_VECTOR = re.compile(r"expect\s+range\s+vector\s+(from\s+\S+\s+to\s+\S+\s+step\s+\S+)")
_STRING = re.compile(r"expect\s+string\s+(.*)")
_OLD_FAIL = re.compile(r"expected_fail_(message|regexp)\s+(.*)")


def commands(script: str) -> Iterator[Command]:
    """In order; a bad one does not stop the others."""
    for number, block in _blocks(script):
        head = block[0]
        try:
            if head == "clear":
                yield Clear(number)
            elif head.startswith("load"):
                yield _load(number, block)
            elif head.startswith("eval"):
                yield _eval(number, block)
            else:
                yield Unread(number, f"unknown command: {head}", 0)
        except NotationError as error:
            yield Unread(number, str(error), int(head.startswith("eval")))


def _blocks(script: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, lines) of each command; an empty line or a comment ends one."""
    begun, block = 0, list[str]()
    for number, raw in enumerate([*script.splitlines(), ""], 1):
        text = raw.strip()
        if text and not text.startswith("#"):
            if not block:
                begun = number
            block.append(text)
        elif block:
            yield begun, block
            block = []


def _load(number: int, block: list[str]) -> Load:
    words = block[0].split()
    if len(words) != 2:
        raise NotationError(f"not a load: {block[0]}")
    series: list[Line] = []
    native = 0
    for text in block[1:]:
        try:
            series.append(notation.line(text))
        except notation.NativeHistogramError:
            native += 1
    return Load(number, notation.duration_ms(words[1]), tuple(series), native)


def _eval(number: int, block: list[str]) -> Eval:
    instant, ranged = _INSTANT.fullmatch(block[0]), _RANGE.fullmatch(block[0])
    if instant:
        old, start, query = instant.groups()
        end, step = start, None
    elif ranged:
        old, start, end, step, query = ranged.groups()
    else:
        raise NotationError(f"not an eval: {block[0]}")
    expects = [Expect(ExpectKind(old))] if old else []
    series: list[Line] = []
    scalar: float | None = None
    for text in block[1:]:
        found = _expect(text)
        if found is not None:
            expects.append(found)
        elif (number_alone := _number(text)) is not None:
            scalar = number_alone
        else:
            series.append(notation.line(text))
    return Eval(
        line=number,
        query=query,
        start_ms=notation.duration_ms(start),
        end_ms=notation.duration_ms(end),
        step_ms=None if step is None else notation.duration_ms(step),
        expects=tuple(expects),
        series=tuple(series),
        scalar=scalar,
    )


def _expect(text: str) -> Expect | None:
    if found := _RANGE_VECTOR.fullmatch(text):
        return Expect(ExpectKind.RANGE_VECTOR, found[1])
    if found := _STRING.fullmatch(text):
        return Expect(ExpectKind.STRING, notation.unquote(found[1]))
    if found := _OLD_FAIL.fullmatch(text):
        regex = found[1] == "regexp"
        return Expect(ExpectKind.FAIL, "" if regex else found[2], found[2] if regex else "")
    if found := _EXPECT.fullmatch(text):
        detail = (found[3] or "").strip()
        regex = found[2] == "regex"
        return Expect(ExpectKind(found[1]), "" if regex else detail, detail if regex else "")
    if text.startswith("expect "):
        raise NotationError(f"unknown expectation: {text}")
    return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
