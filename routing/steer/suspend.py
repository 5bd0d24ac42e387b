"""Out of traffic and back: the Suspend resources of one workload or service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from routing.contracts import Document, ResourceKey

MESHWEB = "meshweb.dev/v1"
What = Literal["workload", "service"]
Documents = Mapping[ResourceKey, Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is suspended: a workload or a service of a namespace."""

    what: What
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.what} {self.namespace}/{self.name}"


def read(target: Target, documents: Documents) -> tuple[Document, ...]:
    """The resources that suspend it, oldest first; none while it is in traffic."""
    found = [
        one
        for key, one in documents.items()
        if key.kind == "Suspend"
        and key.namespace == target.namespace
        and one.spec.get(target.what) == target.name
    ]
    return tuple(sorted(found, key=lambda one: (one.created_at, one.key)))


def suspend(target: Target, reason: str, documents: Documents) -> Document:
    """The resource that takes it out: the one there is, without the end it had, or a new one."""
    spec = {target.what: target.name, **({"reason": reason} if reason else {})}
    there = read(target, documents)
    if there:
        return Document(
            key=there[0].key,
            api_version=MESHWEB,
            spec=spec,
            labels=there[0].labels,
            created_at=there[0].created_at,
        )
    key = ResourceKey("Suspend", target.namespace, f"{target.what}-{target.name}")
    while key in documents:  # the name is taken by one of something else
        key = ResourceKey(key.kind, key.namespace, f"{key.name}-1")
    return Document(key=key, api_version=MESHWEB, spec=spec)


def resume(target: Target, documents: Documents) -> dict[ResourceKey, None]:
    """Everything that suspends it goes; empty while nothing does."""
    return {one.key: None for one in read(target, documents)}
