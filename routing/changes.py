"""What a revision changes, as values: the difference between two sets of documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from routing.contracts import Document, ResourceKey
from routing.documents import same_content


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource before and after; never None on both sides."""

    key: ResourceKey
    before: Document | None
    after: Document | None

    @property
    def action(self) -> Action:
        if self.before is None:
            return Action.CREATE
        return Action.DELETE if self.after is None else Action.UPDATE


def changes_between(
    before: Mapping[ResourceKey, Document], wanted: Mapping[ResourceKey, Document | None]
) -> tuple[Change, ...]:
    """What must change for `wanted` to be in force (None: gone), sorted by key."""
    return tuple(
        Change(key=key, before=before.get(key), after=wanted[key])
        for key in sorted(wanted)
        if _differs(before.get(key), wanted[key])
    )


def _differs(before: Document | None, after: Document | None) -> bool:
    if before is None or after is None or before is after:
        return before is not after
    return not same_content(before, after)


def after_changes(
    before: Mapping[ResourceKey, Document], changes: Iterable[Change]
) -> dict[ResourceKey, Document]:
    """Everything in force once the changes are made."""
    result = dict(before)
    for change in changes:
        if change.after is None:
            result.pop(change.key, None)
        else:
            result[change.key] = change.after
    return result
