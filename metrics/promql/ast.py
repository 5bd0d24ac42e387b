"""The syntax tree: frozen, times in milliseconds, `position` an offset in the query."""

from dataclasses import dataclass
from enum import StrEnum


class MatchKind(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    kind: MatchKind
    name: str
    value: str


class Anchor(StrEnum):
    """`@ start()` and `@ end()`: bounds of the whole query."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Expression):
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Expression):
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parens(Expression):
    inner: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation(Expression):
    inner: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector(Expression):
    matchers: tuple[Matcher, ...]
    offset_ms: int = 0
    at: int | Anchor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Expression):
    """`selector[5m]`."""

    selector: Selector
    range_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subquery(Expression):
    """`inner[30m:1m]`; without a step the engine's default is taken."""

    inner: Expression
    range_ms: int
    step_ms: int | None
    offset_ms: int = 0
    at: int | Anchor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Expression):
    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation(Expression):
    operator: str
    inner: Expression
    parameter: Expression | None
    labels: tuple[str, ...]
    without: bool


class Cardinality(StrEnum):
    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How series of two vectors find each other."""

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    """Labels copied from the "one" side."""
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Expression):
    operator: str
    left: Expression
    right: Expression
    matching: Matching
    as_bool: bool = False


def parts(expression: Expression) -> tuple[Expression, ...]:
    """What it is made of, in order."""
    match expression:
        case Parens(inner=inner) | Negation(inner=inner) | Subquery(inner=inner):
            return (inner,)
        case Range(selector=selector):
            return (selector,)
        case Call(arguments=arguments):
            return arguments
        case Aggregation(inner=inner, parameter=parameter):
            return (inner,) if parameter is None else (parameter, inner)
        case Binary(left=left, right=right):
            return (left, right)
        case _:
            return ()


def unwrap(expression: Expression) -> Expression:
    """Without its parentheses."""
    while isinstance(expression, Parens):
        expression = expression.inner
    return expression
