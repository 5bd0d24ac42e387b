"""Taking a whole revision back, as a new revision."""

from collections.abc import Sequence
from dataclasses import dataclass

from routing.changes import Change
from routing.contracts import ResourceKey
from routing.selectors import heads
from routing.services import history


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSince:
    """Later revisions changed these resources: undoing the old one would undo theirs too."""

    keys: tuple[ResourceKey, ...]


def changes_to_undo(number: int) -> tuple[Change, ...] | ChangedSince | None:
    """What a revision changed, if all of it is still as it left it; None if there is none."""
    if not history.exists(number):
        return None
    changes = history.changes_of([number]).get(number, ())
    later = _changed_since(number, changes)
    return ChangedSince(keys=later) if later else changes


def _changed_since(number: int, changes: Sequence[Change]) -> tuple[ResourceKey, ...]:
    rows = heads(change.key for change in changes)
    return tuple(
        change.key
        for change in changes
        if (rows[change.key].resource_version if change.key in rows else None)
        != (None if change.after is None else number)
    )
