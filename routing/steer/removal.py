"""What goes with a resource that is deleted."""

from collections.abc import Iterable

from routing.contracts import ResourceKey


def removed(key: ResourceKey, known: Iterable[ResourceKey]) -> dict[ResourceKey, None]:
    """The resource; with a Namespace all that is in it, as in Kubernetes."""
    if key.kind != "Namespace":
        return {key: None}
    return {key: None, **{one: None for one in known if one.namespace == key.name}}
