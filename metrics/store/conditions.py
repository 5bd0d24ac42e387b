"""Label matchers as SQL over the table `series`; values travel as parameters only."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from metrics.promql import regex
from metrics.promql.ast import Matcher, MatchKind
from metrics.promql.labels import NAME

Parameter = str | int | float | Sequence[str] | Sequence[int]
ANNOUNCED_SECONDS = 3600 + 900
"""A series that gets samples is announced at least this often: `last_seen` may lag as much."""
EARLIEST_MS, LATEST_MS = -2_208_988_800_000, 10_413_791_999_000
"""What a DateTime64 can hold: 1900 to 2299."""
_LATEST_SECOND = (1 << 32) - 1


@dataclass(slots=True)
class Condition:
    """`sql` to stand behind WHERE, and its parameters."""

    terms: list[str] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        return " AND ".join(self.terms) or "1"

    def parameter(self, kind: str, value: Parameter) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"


def of_matchers(matchers: Sequence[Matcher]) -> Condition:
    """Raises RegexError."""
    condition = Condition()
    for matcher in matchers:
        _add(condition, matcher)
    return condition


def of_any(sets: Sequence[Sequence[Matcher]]) -> Condition:
    """Series that one of the selectors accepts; without selectors, all. Raises RegexError."""
    condition = Condition()
    alternatives = []
    for matchers in sets:
        part = Condition(parameters=condition.parameters)
        for matcher in matchers:
            _add(part, matcher)
        alternatives.append(f"({part.sql})")
    if alternatives:
        condition.terms.append(f"({' OR '.join(alternatives)})")
    return condition


def seen_since(condition: Condition, after_ms: int) -> None:
    """Leave out series that had fallen silent before that moment."""
    seconds = min(max(0, after_ms // 1000 - ANNOUNCED_SECONDS), _LATEST_SECOND)
    condition.terms.append(f"last_seen >= toDateTime({condition.parameter('UInt32', seconds)})")


def between(condition: Condition, after_ms: int, until_ms: int) -> str:
    """Samples in (after, until]."""
    low = condition.parameter("Int64", clamped(after_ms))
    high = condition.parameter("Int64", clamped(until_ms))
    return f"t > fromUnixTimestamp64Milli({low}) AND t <= fromUnixTimestamp64Milli({high})"


def clamped(moment_ms: int) -> int:
    return min(max(moment_ms, EARLIEST_MS), LATEST_MS)


def _add(condition: Condition, matcher: Matcher) -> None:
    negative = matcher.kind in {MatchKind.NOT_EQUAL, MatchKind.NOT_REGEX}
    left = (
        "name" if matcher.name == NAME else f"labels[{condition.parameter('String', matcher.name)}]"
    )
    if matcher.kind in {MatchKind.EQUAL, MatchKind.NOT_EQUAL}:
        operator = "!=" if negative else "="
        condition.terms.append(f"{left} {operator} {condition.parameter('String', matcher.value)}")
        return
    regex.matches(matcher.value, [""])  # refuses what RE2 does not read, before the store does
    words = regex.literals(matcher.value)
    if words is not None:
        given = condition.parameter("Array(String)", sorted(words))
        condition.terms.append(f"{'NOT ' if negative else ''}has({given}, {left})")
        return
    pattern = condition.parameter("String", f"^(?s:{matcher.value})$")
    condition.terms.append(f"{'NOT ' if negative else ''}match({left}, {pattern})")
