"""What a span may be asked for, as values: the tree that a query in words becomes."""

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where an attribute is looked for; ANYWHERE is all of the others."""

    ANYWHERE = ""
    SPAN = "span"
    RESOURCE = "resource"
    SCOPE = "scope"
    EVENT = "event"
    LINK = "link"


class Field(StrEnum):
    """What every span has."""

    SERVICE = "service"
    NAMESPACE = "namespace"
    WORKLOAD = "workload"
    OPERATION = "operation"
    KIND = "kind"
    STATUS = "status"
    MESSAGE = "status.message"
    DURATION = "duration"
    ERROR = "error"
    TRACE = "trace"
    SCOPE_NAME = "scope.name"
    SCOPE_VERSION = "scope.version"


class Comparison(StrEnum):
    EQUAL = "="
    UNEQUAL = "!="
    MATCHES = "=~"
    MATCHES_NOT = "!~"
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute by its key."""

    key: str
    place: Place = Place.ANYWHERE


@dataclass(frozen=True, slots=True)
class Exists:
    """The attribute is there, whatever its value."""

    attribute: Attribute


@dataclass(frozen=True, slots=True)
class Compare:
    """`value` is text, or nanoseconds where `what` is the duration.

    A span without the attribute fulfils no comparison of it, `!=` and `!~` neither. Patterns match
    the whole value (RE2).
    """

    what: Attribute | Field
    comparison: Comparison
    value: str | float


@dataclass(frozen=True, slots=True)
class Not:
    of: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    all: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    any: tuple["Condition", ...]


Condition = Exists | Compare | Not | And | Or
