"""A search in words to its condition: `service=payments AND (error=true OR duration>100ms)`.

    condition  = and { "OR" and }
    and        = not { [ "AND" ] not }
    not        = "NOT" not | "(" condition ")" | term
    term       = "exists" "(" name ")" | name operator value | name
    operator   = "=" | "!=" | "=~" | "!~" | "<" | "<=" | ">" | ">="
    value      = bare word | "text in quotes" | 'text in quotes'

A name is one of `Field`, or an attribute's key, which may begin with its place (`span.`,
`resource.`, `scope.`, `event.`, `link.`); in quotes it is always a key. A name alone asks whether
the attribute exists. Durations read `1.5s`, `20ms`, `300us`, `10ns`, `2m`, `1h`. Whether a pattern is one (RE2) the store says.
"""

import re
from dataclasses import dataclass

from tracing.durations import nanoseconds
from tracing.query.conditions import (
    And,
    Attribute,
    Compare,
    Comparison,
    Condition,
    Exists,
    Field,
    Not,
    Or,
    Place,
)

MAX_LENGTH = 4096
MAX_TERMS = 64
MAX_PATTERN = 512

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<operator>=~|!~|!=|<=|>=|=|<|>)|(?P<bracket>[()])|(?P<word>[^\s()=!<>~"']+))"""
)
_KINDS = ("server", "client", "producer", "consumer", "internal", "unspecified")
_STATUSES = ("unset", "ok", "error")
_ALIASES = {"name": Field.OPERATION, "span.kind": Field.KIND, "trace_id": Field.TRACE}
_ORDERED = (Comparison.LESS, Comparison.AT_MOST, Comparison.GREATER, Comparison.AT_LEAST)


@dataclass
class Unreadable(Exception):  # noqa: N818  an answer, not a failure
    """`message` says what is wrong and how to mend it; `position` counts characters from 0."""

    message: str
    position: int


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse(text: str) -> Condition | None:
    """None for a text without terms. Raises Unreadable."""
    if len(text) > MAX_LENGTH:
        raise Unreadable(f"a search has at most {MAX_LENGTH} characters", MAX_LENGTH)
    tokens = _tokens(text)
    if not tokens:
        return None
    reader = _Reader(tokens, len(text))
    found = reader.condition()
    rest = reader.peek()
    if rest is not None:
        raise Unreadable(f"nothing was open that {rest.text!r} could close", rest.position)
    return found


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise Unreadable(_stray(text[at]), at)
        kind = str(found.lastgroup)
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        position = found.end()
    return tokens


def _stray(character: str) -> str:
    if character in "\"'":
        return "this quote is never closed"
    return f"{character!r} is no operator: there are = != =~ !~ < <= > >="


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._next = 0
        self._end = end
        self._terms = 0

    def peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def condition(self) -> Condition:
        found = [self._and()]
        while self._took_word("or"):
            found.append(self._and())
        return found[0] if len(found) == 1 else Or(tuple(found))

    def _and(self) -> Condition:
        found = [self._not()]
        while self._took_word("and") or self._begins():
            found.append(self._not())
        return found[0] if len(found) == 1 else And(tuple(found))

    def _begins(self) -> bool:
        """Whether another term follows without a word between."""
        token = self.peek()
        return token is not None and token.text != ")" and not _is_word(token, "or")

    def _not(self) -> Condition:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise Unreadable(f"a search has at most {MAX_TERMS} terms", self._position())
        if self._took_word("not"):
            return Not(self._not())
        if self._took("("):
            inner = self.condition()
            self._expect(")", "this bracket is never closed")
            return inner
        return self._term()

    def _term(self) -> Condition:
        name = self._take("the name of an attribute or field")
        if name.kind not in ("word", "quoted"):
            raise Unreadable(f"expected a name instead of {name.text!r}", name.position)
        if _is_word(name, "exists") and self._took("("):
            inner = self._take("the key of an attribute")
            self._expect(")", "exists(key) ends with a bracket")
            return Exists(_attribute(inner))
        token = self.peek()
        if token is None or token.kind != "operator":
            return _alone(name)
        self._next += 1
        value = self._take(f"a value after {token.text}")
        if value.kind not in ("word", "quoted"):
            raise Unreadable(f"expected a value instead of {value.text!r}", value.position)
        return _comparison(name, Comparison(token.text), value)

    def _took(self, text: str) -> bool:
        token = self.peek()
        if token is None or token.kind == "quoted" or token.text != text:
            return False
        self._next += 1
        return True

    def _took_word(self, word: str) -> bool:
        token = self.peek()
        if token is None or not _is_word(token, word):
            return False
        self._next += 1
        return True

    def _take(self, what: str) -> _Token:
        token = self.peek()
        if token is None:
            raise Unreadable(f"expected {what}", self._end)
        self._next += 1
        return token

    def _expect(self, text: str, message: str) -> None:
        if not self._took(text):
            raise Unreadable(message, self._position())

    def _position(self) -> int:
        token = self.peek()
        return self._end if token is None else token.position


def _is_word(token: _Token, word: str) -> bool:
    return token.kind == "word" and token.text.lower() == word


def _alone(name: _Token) -> Condition:
    what = _what(name)
    if what is Field.ERROR:
        return Compare(what, Comparison.EQUAL, "true")
    if isinstance(what, Field):
        raise Unreadable(f"{what} needs a comparison, such as {what}=...", name.position)
    return Exists(what)


def _comparison(name: _Token, comparison: Comparison, value: _Token) -> Condition:
    what = _what(name)
    text = _unquoted(value)
    if what is Field.DURATION:
        return Compare(what, _ordering(comparison, value), _nanoseconds(text, value.position))
    if comparison in (Comparison.MATCHES, Comparison.MATCHES_NOT):
        _bounded(text, value.position)
    elif comparison in _ORDERED:
        return Compare(what, comparison, _number(what, text, value.position))
    else:
        text = _word(what, text, value.position)
    return Compare(what, comparison, text)


def _ordering(comparison: Comparison, value: _Token) -> Comparison:
    if comparison in (Comparison.MATCHES, Comparison.MATCHES_NOT):
        raise Unreadable("a duration is compared with = != < <= > >=", value.position)
    return comparison


def _word(what: Attribute | Field, text: str, position: int) -> str:
    """Words that a field is limited to, in lower case."""
    allowed = {
        Field.KIND: _KINDS,
        Field.STATUS: _STATUSES,
        Field.ERROR: ("true", "false"),
    }.get(what) if isinstance(what, Field) else None  # fmt: skip
    if allowed is None:
        return text
    if text.lower() not in allowed:
        raise Unreadable(f"{what} is one of {', '.join(allowed)}", position)
    return text.lower()


def _number(what: Attribute | Field, text: str, position: int) -> float:
    if isinstance(what, Field):
        raise Unreadable(f"{what} is no number: compare it with = != =~ !~", position)
    try:
        return float(text)
    except ValueError:
        raise Unreadable(f"< and > compare numbers, and {text!r} is none", position) from None


def _bounded(text: str, position: int) -> None:
    if len(text) > MAX_PATTERN:
        raise Unreadable(f"a pattern has at most {MAX_PATTERN} characters", position)


def _nanoseconds(text: str, position: int) -> float:
    found = nanoseconds(text)
    if found is None:
        raise Unreadable(f"{text!r} is no duration: write 1.5s, 20ms, 300us, 2m or 1h", position)
    return found


def _what(name: _Token) -> Attribute | Field:
    if name.kind == "quoted":
        return _attribute(name)
    if name.text in _ALIASES:
        return _ALIASES[name.text]
    return Field(name.text) if name.text in set(Field) else _attribute(name)


def _attribute(name: _Token) -> Attribute:
    if name.kind not in ("word", "quoted"):
        raise Unreadable(
            f"expected the key of an attribute instead of {name.text!r}", name.position
        )
    if name.kind == "word":
        place, dot, key = name.text.partition(".")
        if dot and key and place in set(Place):
            return Attribute(key, Place(place))
    return Attribute(_unquoted(name))


def _unquoted(token: _Token) -> str:
    if token.kind != "quoted":
        return token.text
    return re.sub(r"\\(.)", r"\1", token.text[1:-1])
