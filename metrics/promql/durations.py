"""Arithmetic in durations: `x[5m * 2]`, `x offset (step() + 1m)` become plain durations.

promql-parser reads only plain ones, so they are worked out before it sees the query."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import promql_parser as rust

from metrics.promql.errors import bad_data
from metrics.promql.tokens import Kind, Token

_BINARY: tuple[Mapping[str, Callable[[float, float], float]], ...] = (
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv, "%": lambda a, b: a - b * int(a / b)},
    {"^": operator.pow},
)
"""By binding, loosest first."""
_CONSTANTS = frozenset({"step", "range"})
_OF_TWO: Mapping[str, Callable[[float, float], float]] = {"min": min, "max": max}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The query's own step and length, for `step()` and `range()`; 0 for an instant query."""

    step_ms: int = 0
    range_ms: int = 0


INSTANT = Window()


def plain(query: str, words: Sequence[Token], window: Window) -> tuple[str, list[Token]]:
    """The query with every computed duration as milliseconds, and its words at their old places."""
    text, result = "", list[Token]()
    copied = at = 0
    while at < len(words):
        end = _computed_until(words, at)
        if end == at:
            result.append(words[at])
            at += 1
            continue
        seconds = _Calculator(words[at:end], window).value()
        last = words[end - 1]
        sign = "-" if seconds < 0 else ""
        shown = f"{abs(round(seconds * 1000))}ms"
        text += query[copied : words[at].position] + sign + shown
        copied = last.position + len(last.text)
        if sign:
            result.append(Token(Kind.SIGN, sign, words[at].position))
        result.append(Token(Kind.NUMBER, shown, words[at].position))
        at = end
    return (text + query[copied:], result) if copied else (query, result)


def _computed_until(words: Sequence[Token], at: int) -> int:
    """Where a computed duration that begins here ends; `at` itself if there is none."""
    if at == 0:
        return at
    before = words[at - 1]
    if before.word == "offset" and (at < 2 or words[at - 2].text not in {"{", ",", "("}):
        end = _operand_end(words, at)
    elif before.text == "[" or (before.text == ":" and _in_brackets(words, at)):
        end = _part_end(words, at)
    else:
        return at
    return end if any(word.kind is not Kind.NUMBER for word in words[at:end]) else at


def _in_brackets(words: Sequence[Token], at: int) -> bool:
    return next((w.text for w in reversed(words[:at]) if w.text in {"[", "]"}), "") == "["


def _part_end(words: Sequence[Token], at: int) -> int:
    end = at
    while end < len(words) and words[end].text not in {"]", ":", "["}:
        end += 1
    return end


def _operand_end(words: Sequence[Token], at: int) -> int:
    """Behind `offset`: a sign and a number need no help; brackets and functions do."""
    end = at
    while end < len(words) and words[end].text in {"-", "+"}:
        end += 1
    if end < len(words) and words[end].word in {*_CONSTANTS, *_OF_TWO}:
        end += 1
    if end >= len(words) or words[end].text != "(":
        return at
    depth = 0
    for index in range(end, len(words)):
        depth += (words[index].text == "(") - (words[index].text == ")")
        if depth == 0:
            return index + 1
    return at


class _Calculator:
    """Seconds of one expression; raises QueryError at the word that does not fit."""

    def __init__(self, words: Sequence[Token], window: Window) -> None:
        self._words = words
        self._window = window
        self._at = 0

    def value(self) -> float:
        result = self._level(0)
        if self._at < len(self._words):
            raise self._unexpected()
        return result

    def _level(self, binding: int) -> float:
        if binding == len(_BINARY):
            return self._operand()
        result = self._level(binding + 1)
        while self._peek() in _BINARY[binding]:
            function = _BINARY[binding][self._next().text]
            other = self._level(binding if binding == len(_BINARY) - 1 else binding + 1)
            try:
                result = float(function(result, other))
            except (ArithmeticError, TypeError):
                raise bad_data("not a duration", self._words[0].position) from None
        return result

    def _operand(self) -> float:
        if self._peek() in {"-", "+"}:
            sign = -1 if self._next().text == "-" else 1
            return sign * self._operand()
        if self._at >= len(self._words):
            raise self._unexpected()
        word = self._next()
        if word.kind is Kind.NUMBER:
            return _seconds(word)
        if word.text == "(":
            result = self._level(0)
        elif word.word in _CONSTANTS:
            self._expect("(")
            result = (self._window.step_ms if word.word == "step" else self._window.range_ms) / 1000
        elif word.word in _OF_TWO:
            self._expect("(")
            one = self._level(0)
            self._expect(",")
            result = _OF_TWO[word.word](one, self._level(0))
        else:
            self._at -= 1
            raise self._unexpected()
        self._expect(")")
        return result

    def _peek(self) -> str:
        return self._words[self._at].text if self._at < len(self._words) else ""

    def _next(self) -> Token:
        self._at += 1
        return self._words[self._at - 1]

    def _expect(self, text: str) -> None:
        if self._peek() != text:
            raise self._unexpected()
        self._at += 1

    def _unexpected(self) -> Exception:
        word = self._words[min(self._at, len(self._words) - 1)]
        return bad_data("not a duration", word.position, f"unexpected {word.text!r}")


def _seconds(word: Token) -> float:
    try:
        return float(int(word.text, 16)) if word.word.startswith("0x") else float(word.text)
    except ValueError:
        pass
    try:
        return float(rust.parse_duration(word.text).total_seconds())
    except ValueError:
        raise bad_data(f"not a duration: {word.text}", word.position) from None
