"""Series as Prometheus's test scripts write them: `up{job="a"} 0+1x3 _ stale`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from metrics.promql import labels as label_sets
from metrics.promql.labels import NAME, Labels
from metrics.promql.series import STALE

_NUMBER = r"[+-]?(?:inf|nan|[0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?|\.[0-9]+(?:e[+-]?[0-9]+)?)"
_SPAN = re.compile(rf"({_NUMBER})(?:([+-])({_NUMBER}))?x([0-9]+)", re.IGNORECASE)
_GAP = re.compile(r"_(?:x([0-9]+))?")
_STALE = re.compile(r"stale(?:x([0-9]+))?")
_HEAD = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(\{)?")
_PAIR = re.compile(
    r"""\s*(?:("(?:[^"\\]|\\.)*"|[a-zA-Z_][a-zA-Z0-9_.]*)\s*=\s*)?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*,?"""
)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhdwy])")
_UNITS = {
    "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
    "w": 604_800_000, "y": 31_536_000_000,
}  # fmt: skip


class NotationError(ValueError):
    """The line is not in the test language."""


class NativeHistogramError(NotationError):
    """The line has a native histogram, which we do not know."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series and its points; None is no sample."""

    labels: Labels
    points: tuple[float | None, ...]


def duration_ms(text: str) -> int:
    """`1h30m`, `-5m` or plain seconds."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
    parts = _DURATION.findall(body)
    if parts and "".join(number + unit for number, unit in parts) == body:
        return sign * round(sum(float(number) * _UNITS[unit] for number, unit in parts))
    try:
        return sign * round(float(body) * 1000)
    except ValueError:
        raise NotationError(f"not a duration: {text}") from None


def line(text: str) -> Line:
    labels, rest = _labels(text)
    if "{{" in rest:
        raise NativeHistogramError("native histogram")
    return Line(labels, tuple(points(rest)))


def _labels(text: str) -> tuple[Labels, str]:
    head = _HEAD.match(text)
    if head is None or head.end() == 0:
        raise NotationError(f"not a series: {text}")
    found = {NAME: head[1]} if head[1] else {}
    if not head[2]:
        return label_sets.make(found), text[head.end() :]
    at = head.end()
    while not (closing := re.compile(r"\s*\}").match(text, at)):
        pair = _PAIR.match(text, at)
        if pair is None:
            raise NotationError(f"not a series: {text}")
        found[unquote(pair[1]) if pair[1] else NAME] = unquote(pair[2])
        at = pair.end()
    return label_sets.make(found), text[closing.end() :]


def unquote(text: str) -> str:
    if text[:1] == "`":
        return text[1:-1]
    if text[:1] not in {'"', "'"}:
        return text
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[1]), text[1:-1])


def points(text: str) -> Iterator[float | None]:
    for word in text.split():
        yield from _word(word)


def _word(word: str) -> Iterator[float | None]:
    if gap := _GAP.fullmatch(word):
        yield from [None] * int(gap[1] or 1)
    elif stale := _STALE.fullmatch(word):
        yield from [STALE] * (int(stale[1]) + 1 if stale[1] else 1)
    elif span := _SPAN.fullmatch(word):
        first = float(span[1])
        step = float(span[3] or 0) * (-1 if span[2] == "-" else 1)
        for index in range(int(span[4]) + 1):
            yield first + index * step if index else first
    else:
        try:
            yield float(word)
        except ValueError:
            raise NotationError(f"not a point: {word}") from None
