"""Whose fault it is that Envoy refuses a revision: its changes are tried without each other. Pure.

The origin that a refused part names is only where the search begins: a DestinationRule may be named
by a cluster whose address came with a ServiceEntry. What counts is without which changes Envoy
takes the rest.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from proxy.fleet.trial import guilty
from proxy.fleet.tryout import Guilty
from proxy.xds.units import origins
from routing.contracts import Document, ResourceKey

PATIENCE_SECONDS = 15.0
"""How long the search may hold up what comes after it; then all suspects are to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """The documents in force, those that shall be, and the parts made of them that Envoy refuses."""

    before: tuple[Document, ...]
    after: tuple[Document, ...]
    guilty: tuple[Guilty, ...]

    def named(self) -> dict[ResourceKey, str]:
        """The resources that the refused parts name, each with Envoy's words."""
        found = [(key, one) for one in self.guilty for part in one.parts for key in origins(part)]
        return {key: one.words for key, one in reversed(found)}


Wanted = Mapping[ResourceKey, Document | None]


class TookTooLongError(Exception):
    """The search for the culprit."""


def find_culprits(
    suspects: Suspects, refused: Callable[[tuple[Document, ...]], bool]
) -> dict[ResourceKey, str]:
    """The changes that Envoy refuses, with its words; none if nobody's change is at fault.

    `refused` tries a whole configuration. Where nothing was changed (what runs has made an old
    resource bad), the resources that the refused parts name are suspected.
    """
    before = {one.key: one for one in suspects.before}
    after = {one.key: one for one in suspects.after}
    changed: dict[ResourceKey, Document | None] = {
        key: after.get(key)
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    }
    named = suspects.named()
    if not changed:
        changed = {key: after[key] for key in named if key in after}
        before = {key: one for key, one in before.items() if key not in changed}
    found = _search(before, changed, [key for key in changed if key in named], refused)
    words = suspects.guilty[0].words
    return {key: named.get(key, words) for key in found}


def _search(
    base: Mapping[ResourceKey, Document],
    wanted: Wanted,
    first: list[ResourceKey],
    refused: Callable[[tuple[Document, ...]], bool],
) -> tuple[ResourceKey, ...]:
    if len(wanted) < 2:
        return tuple(wanted)
    until = time.monotonic() + PATIENCE_SECONDS
    rest = [key for key in wanted if key not in first]

    def with_changes(some: Sequence[ResourceKey]) -> bool:
        if time.monotonic() > until:
            raise TookTooLongError
        return refused(_changed(base, {key: wanted[key] for key in some}))

    try:
        if first and not with_changes(rest):
            if len(first) == 1:
                return tuple(first)
            return guilty(first, lambda some: with_changes([*rest, *some]))
        return guilty(tuple(wanted), with_changes)
    except TookTooLongError:
        return tuple(first or wanted)


def _changed(base: Mapping[ResourceKey, Document], wanted: Wanted) -> tuple[Document, ...]:
    made = {**base, **wanted}
    return tuple(one for _, one in sorted(made.items()) if one is not None)
