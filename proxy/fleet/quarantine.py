"""xDS resources that a proxy refused, and what is served in their place. Pure.

Envoy applies the good resources of a refused response and says only in prose which one was bad.
A refused version is never sent again: whoever had a good one keeps it, others go without.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from proxy.ads.session import Rejected
from proxy.xds import messages
from proxy.xds.fields import METADATA
from proxy.xds.messages import CLUSTER, ENDPOINTS, as_dict
from proxy.xds.snapshot import ProxySnapshot, Resource, Resources
from proxy.xds.static import content
from routing.contracts import ResourceKey

_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One resource a proxy would not take, Envoy's words, and whose fault it was found to be."""

    type_url: str
    name: str
    version: str
    error: str
    keys: tuple[ResourceKey, ...] = ()


def named(refused: Rejected) -> tuple[Resource, ...]:
    """The resources whose whole name is in Envoy's words."""
    return tuple(one for one in refused.resources if _names(refused.error, one.name))


def _names(words: str, name: str) -> bool:
    # one name may begin as another one does: ..._80 and ..._8080
    return re.search(rf"(?<![\w|.-]){re.escape(name)}(?![\w|-]|\.\w)", words) is not None


_TAKEN = ("cannot bind", "address already in use")


def blameless(refused: Rejected) -> tuple[Resource, ...]:
    """The resources that were refused only because their address is taken on the proxy's host.

    They are as good as they were: it is worth trying again. Envoy gives each its own line.
    """
    return tuple(
        one
        for one in refused.resources
        if any(_is_taken(line) and _names(line, one.name) for line in refused.error.splitlines())
    )


def _is_taken(line: str) -> bool:
    return any(word in line.lower() for word in _TAKEN)


class Quarantine:
    """The refused versions. The oldest is forgotten when there are too many."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str], Refusal] = {}

    def __bool__(self) -> bool:
        return bool(self._refused)

    def knows(self, resource: Resource) -> bool:
        return (resource.name, resource.version) in self._refused

    def add(
        self, type_url: str, resource: Resource, error: str, keys: tuple[ResourceKey, ...] = ()
    ) -> None:
        """Never again, then. `keys` are the users' resources that were found guilty."""
        key = (resource.name, resource.version)
        if len(self._refused) >= _MOST:
            self._refused.pop(next(iter(self._refused)))
        self._refused[key] = Refusal(
            type_url=type_url,
            name=resource.name,
            version=resource.version,
            error=error,
            keys=keys,
        )

    def find(self, snapshot: ProxySnapshot) -> tuple[Refusal, ...]:
        """The refused resources that are in a snapshot."""
        if not self._refused:
            return ()
        return tuple(self._found(snapshot))

    def _found(self, snapshot: ProxySnapshot) -> Iterator[Refusal]:
        for refusal in self._refused.values():
            one = snapshot.of(refusal.type_url).get(refusal.name)
            if one is not None and one.version == refusal.version:
                yield refusal

    def without(self, snapshot: ProxySnapshot, before: ProxySnapshot | None) -> ProxySnapshot:
        """The snapshot with the last good version, or nothing, where a refused one stands."""
        found = self.find(snapshot)
        if not found:
            return snapshot
        resources = dict(snapshot.resources)
        for refusal in found:
            good = before.of(refusal.type_url).get(refusal.name) if before is not None else None
            if good is not None and (good.name, good.version) in self._refused:
                good = None
            resources[refusal.type_url] = _replaced(resources[refusal.type_url], refusal.name, good)
            if refusal.type_url == CLUSTER and good is None:
                resources[ENDPOINTS] = _replaced(resources[ENDPOINTS], refusal.name, None)
        return replace(snapshot, resources=resources)


def _replaced(resources: Resources, name: str, by: Resource | None) -> Resources:
    rest = {key: one for key, one in resources.items() if key != name}
    return rest if by is None else {**rest, name: by}


def culprits(bad: Resource, good: Resource | None) -> tuple[ResourceKey, ...]:
    """The user's resources that a refused xDS resource was made of; those that are new in it first.

    Parts that are as in the last good version are innocent.
    """
    ours = _parts(bad)
    innocent = _parts(good) if good is not None else {}
    changed = [origin for part, origin in ours.items() if part not in innocent]
    return tuple(dict.fromkeys(_key(origin) for origin in changed))


def _parts(resource: Resource) -> Mapping[str, str]:
    """Every part that has an origin, as text, with that origin."""
    return dict(_walk(as_dict(content(resource))))


def _walk(value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, list):
        for one in value:
            yield from _walk(one)
    elif isinstance(value, dict):
        origin = _origin(value)
        if origin:
            yield repr(value), origin
        for one in value.values():
            yield from _walk(one)


def origin_of(part: Mapping[str, Any]) -> ResourceKey | None:
    """The user's resource that a part (a dict of an Envoy message) was made of."""
    origin = _origin(part)
    return _key(origin) if origin else None


def _origin(part: Mapping[str, Any]) -> str:
    metadata = part.get("metadata")
    if not isinstance(metadata, dict):
        return ""
    return str(metadata.get("filter_metadata", {}).get(METADATA, {}).get("origin", ""))


def _key(origin: str) -> ResourceKey:
    """An origin reads "Kind namespace/name path"."""
    kind, _, rest = origin.partition(" ")
    return ResourceKey.parse(f"{kind} {rest.partition(' ')[0]}")


def type_name(type_url: str) -> str:
    return messages.SHORT_NAMES.get(type_url, type_url)
