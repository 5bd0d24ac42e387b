"""What one proxy has of a type, and what it asked for: told by what the fleet shares. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from proxy.xds.shared import difference
from proxy.xds.snapshot import Resource, Resources

_NOTHING: Resources = MappingProxyType({})


class Wanted:
    """The names that a proxy subscribed to: those of a mapping, and others beside them."""

    __slots__ = ("_base", "_names", "wildcard")

    def __init__(self, names: Iterable[str], *, wildcard: bool) -> None:
        self.wildcard = wildcard
        self._base: Resources = _NOTHING
        self._names = set(names)

    def __contains__(self, name: str) -> bool:
        return self.wildcard or name in self._names or name in self._base

    def add(self, name: str) -> None:
        if name not in self._base:
            self._names.add(name)

    def discard(self, name: str) -> None:
        if name in self._base:
            self._names.update(self._base)
            self._base = _NOTHING
        self._names.discard(name)

    def covers(self, resources: Resources) -> bool:
        """Whether it asked for all of them."""
        if self.wildcard or resources is self._base:
            return True
        found = difference(self._base, resources)
        if not all(one.name in self for one in found.changed):
            return False
        self._names.difference_update(one.name for one in found.changed)
        self._names.update(found.gone)
        self._base = resources
        return True


class Known:
    """The versions that a proxy has: those of a mapping, but for some (None: it has none)."""

    __slots__ = ("_base", "_but")

    def __init__(self, versions: Mapping[str, str]) -> None:
        self._base: Resources = _NOTHING
        self._but: dict[str, str | None] = dict(versions)

    def version(self, name: str) -> str | None:
        if name in self._but:
            return self._but[name]
        one = self._base.get(name)
        return None if one is None else one.version

    def forget(self, name: str) -> None:
        if name in self._base:
            self._but[name] = None
        else:
            self._but.pop(name, None)

    def beyond(self, resources: Resources) -> Iterator[str]:
        """The names that it has and that are none of these."""
        for name, version in self._but.items():
            if version is not None and name not in resources:
                yield name
        for name in difference(self._base, resources).gone:
            if name not in self._but:
                yield name

    def take(self, resources: Resources, wanted: Wanted) -> tuple[Resource, ...]:
        """From now on it has all of these that it wants. What it lacked of them."""
        found = difference(self._base, resources)
        lacking = found.changed
        if self._but:
            lacking = (
                *(one for one in lacking if one.name not in self._but),
                *(
                    resources[name]
                    for name, version in self._but.items()
                    if name in resources and resources[name].version != version
                ),
            )
        unwanted = () if wanted.wildcard else [one for one in lacking if one.name not in wanted]
        but: dict[str, str | None] = {
            name: version
            for name, version in self._but.items()
            if version is not None and name not in resources
        }
        but |= {name: self.version(name) for name in found.gone if name not in self._but}
        but |= {one.name: self.version(one.name) for one in unwanted}
        self._base, self._but = resources, but
        if not unwanted:
            return lacking
        return tuple(one for one in lacking if one.name not in but)
