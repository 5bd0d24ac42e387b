"""What became of a request to change the configuration."""

from dataclasses import dataclass

from rest.contracts import Finding
from routing.changes import Change
from routing.contracts import ResourceKey
from routing.effects import Effects


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """It is in force as revision `number`. No changes: it was in force already."""

    number: int
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What a dry run found, over the configuration of revision `number`."""

    number: int
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    effects: Effects


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Errors forbid it; nothing of it was stored.

    `only_others`: they are all in what refers to it, so that one may insist.
    """

    findings: tuple[Finding, ...]
    only_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """`If-Match` named another version than the `current` one (0: the resource is not there)."""

    key: ResourceKey
    current: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A resource that should be deleted is not there."""

    key: ResourceKey


Outcome = Accepted | Foreseen | Refused | Stale | Missing
