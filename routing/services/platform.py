"""The part of a change that the platform carries out: what runs, and under which name."""

from collections.abc import Iterable

from rest.contracts import Finding
from routing.changes import Change
from routing.manifest import manifest_of
from topology import facade, manifests
from topology.contracts import Registry


def registry() -> Registry:
    """What runs now."""
    return facade.registry()


def registry_after(changes: Iterable[Change]) -> Registry:
    """What would run after these changes of what is declared now; nothing is carried out."""
    return facade.registry_after(
        facade.Declaration(
            key=(change.key.kind, change.key.namespace, change.key.name),
            value=None if change.after is None else manifest_of(change.after).value,
        )
        for change in changes
        if change.key.kind in manifests.KINDS
    )


def manifest_findings(changes: Iterable[Change]) -> tuple[Finding, ...]:
    """What is wrong with, or worth saying about, the changed manifests themselves."""
    return tuple(
        finding
        for change in changes
        if change.after is not None and change.key.kind in manifests.KINDS
        for finding in manifest_of(change.after).findings
    )


def carry_out(changes: Iterable[Change]) -> None:
    """Hand the changed manifests to the platform, in the caller's transaction."""
    made = tuple(changes)
    facade.apply_manifests([one.after for one in made if one.after is not None])
    facade.delete_manifests([one.key for one in made if one.after is None])
