"""What callers ask with: from the query string and, for POST, the form."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import promql_parser as rust
from django.http import HttpRequest

from metrics.api.envelope import ApiError, ErrorType, bad_parameter, of_failure
from metrics.promql import ast, regex
from metrics.promql.ast import Matcher, MatchKind
from metrics.promql.errors import QueryError
from metrics.promql.parse import parse

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)")
_EXTREMES = {
    "-292273086-05-16T16:47:06Z": -(1 << 53),
    "292277025-08-18T07:12:54.999999999Z": 1 << 53,
}
"""How clients write Go's least and greatest moments."""
MOST_SECONDS = 9e12
DEFAULT_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Parameters:
    """All values of each name; the form's come first."""

    values: Mapping[str, list[str]]

    @staticmethod
    def of(request: HttpRequest) -> "Parameters":
        found: dict[str, list[str]] = {}
        for source in (request.POST, request.GET):
            for name, values in source.lists():
                found.setdefault(name, []).extend(values)
        return Parameters(found)

    def text(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "")

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def moment(self, name: str, default: int | None = None) -> int:
        """Milliseconds."""
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            return milliseconds_of(text)
        except ValueError:
            raise bad_parameter(name, f'cannot parse "{text}" to a valid timestamp') from None

    def duration(self, name: str, default: int | None = None) -> int:
        """Milliseconds."""
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            seconds = _seconds(text)
        except ValueError:
            raise bad_parameter(name, f'cannot parse "{text}" to a valid duration') from None
        if abs(seconds) > MOST_SECONDS:
            raise bad_parameter(
                name, f'cannot parse "{text}" to a valid duration. It overflows int64'
            )
        return round(seconds * 1000)

    def count(self, name: str, default: int = 0) -> int:
        """A whole number that is not negative."""
        text = self.text(name)
        if not text:
            return default
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise bad_parameter(name, f'"{text}" is not a number that is not negative')
        return int(text)

    def timeout(self) -> float:
        """Seconds, at most the default."""
        asked = self.duration("timeout", int(DEFAULT_TIMEOUT * 1000)) / 1000
        return min(asked, DEFAULT_TIMEOUT)

    def selectors(self, name: str = "match[]") -> list[tuple[Matcher, ...]]:
        return [selector(text, name) for text in self.all(name)]


def selector(text: str, parameter: str = "match[]") -> tuple[Matcher, ...]:
    """The matchers of one series selector. Raises ApiError."""
    try:
        tree = parse(text)
    except QueryError as error:
        raise of_failure(error.failure, text, parameter) from None
    if not isinstance(tree, ast.Selector) or tree.at is not None or tree.offset_ms:
        raise bad_parameter(parameter, f"{text!r} is not a series selector")
    for matcher in tree.matchers:
        if matcher.kind in {MatchKind.REGEX, MatchKind.NOT_REGEX}:
            check_pattern(matcher.value, parameter)
    if all(accepts_nothing(matcher) for matcher in tree.matchers):
        raise bad_parameter(parameter, "match[] must contain at least one non-empty matcher")
    return tree.matchers


def check_pattern(pattern: str, parameter: str) -> None:
    try:
        regex.matches(pattern, [""])
    except regex.RegexError as error:
        raise bad_parameter(parameter, f"invalid regular expression: {error}") from None


def accepts_nothing(matcher: Matcher) -> bool:
    """Whether the empty text (a label that is not there) is accepted."""
    match matcher.kind:
        case MatchKind.EQUAL:
            return matcher.value == ""
        case MatchKind.NOT_EQUAL:
            return matcher.value != ""
        case MatchKind.REGEX:
            return bool(regex.matches(matcher.value, [""])[0])
        case _:
            return not regex.matches(matcher.value, [""])[0]


def milliseconds_of(text: str) -> int:
    """Unix seconds or RFC 3339. Raises ValueError."""
    if text in _EXTREMES:
        return _EXTREMES[text]
    try:
        seconds = float(text)
    except ValueError:
        return _of_date(text)
    if not math.isfinite(seconds) or "_" in text or abs(seconds) > MOST_SECONDS:
        raise ValueError(text)
    return round(seconds * 1000)


def _of_date(text: str) -> int:
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError(text)
    whole = datetime.fromisoformat(f"{found[1].upper()}{found[3].upper().replace('Z', '+00:00')}")
    fraction = round(float(f"0.{found[2] or 0}") * 1000)
    return int(whole.astimezone(UTC).timestamp()) * 1000 + fraction


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return float(rust.parse_duration(text).total_seconds())
    if not math.isfinite(seconds) or "_" in text:
        raise ValueError(text)
    return seconds


def required(parameters: Parameters, name: str) -> str:
    text = parameters.text(name)
    if not text:
        raise ApiError(ErrorType.BAD_DATA, f'invalid parameter "{name}": {name} is missing')
    return text
