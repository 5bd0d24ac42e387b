"""The part of a change that the platform carries out: what runs, and under which name."""

from collections.abc import Iterable

from routing.changes import Change


def carry_out(changes: Iterable[Change]) -> None:
    """Hand the changed manifests to the platform, in the caller's transaction."""
    del changes
