"""Mappings by name that many proxies share: held once, and compared once whoever asks. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from weakref import ref


class Versioned(Protocol):
    """Two of one name and version say the same."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...


V = TypeVar("V", bound=Versioned)


@dataclass(frozen=True, slots=True)
class Difference(Generic[V]):
    """From one mapping to another: what is new or says something else, and the names that are gone."""

    changed: tuple[V, ...] = ()
    gone: tuple[str, ...] = ()


class Shared(dict[str, V]):
    """Never changed once it is made."""

    __slots__ = ("__weakref__", "_digest", "_since")

    def __init__(self, given: Iterable[tuple[str, V]] = ()) -> None:
        super().__init__(given)
        self._digest: int | None = None
        self._since: tuple[ref[Shared[V]], Difference[V]] | None = None

    def since(self, before: "Shared[V]") -> Difference[V]:
        """The difference from another one; the answer given last is remembered."""
        last = self._since
        if last is None or last[0]() is not before:
            last = self._since = (ref(before), _difference(before, self))
        return last[1]

    @property
    def digest(self) -> int:
        """See `digest`."""
        if self._digest is None:
            self._digest = _sum(self.values())
        return self._digest


class Joined(Mapping[str, V]):
    """What many share and one's own beside it; no name is in both."""

    __slots__ = ("own", "shared")

    def __init__(self, shared: Shared[V], own: Mapping[str, V]) -> None:
        self.shared = shared
        self.own = own

    def __getitem__(self, name: str) -> V:
        found = self.own.get(name)
        return self.shared[name] if found is None else found

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.shared

    def __iter__(self) -> Iterator[str]:
        yield from self.shared
        yield from self.own

    def __len__(self) -> int:
        return len(self.shared) + len(self.own)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Joined) and other.shared is self.shared:
            return bool(self.own == other.own)
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # as of any mapping


_NONE: Shared[Any] = Shared()


def difference(before: Mapping[str, V], after: Mapping[str, V]) -> Difference[V]:
    """From one mapping to another; of what is shared it has been looked for only once."""
    if before is after:
        return Difference()
    (shared_before, own_before), (shared, own) = _parts(before), _parts(after)
    common: Difference[V] = Difference()
    if shared is not shared_before:
        common = shared.since(shared_before)
    if not own and not own_before:
        return common
    if not before:
        return Difference((*common.changed, *own.values()))
    rest = _difference(own_before, own)
    # a name may have moved between what is shared and what is not
    return Difference(
        changed=tuple(
            one
            for one in (*common.changed, *rest.changed)
            if _version(before.get(one.name)) != one.version
        ),
        gone=tuple(name for name in (*common.gone, *rest.gone) if name not in after),
    )


def digest(given: Mapping[str, V]) -> int:
    """Equal for mappings that say the same, whatever of them is shared; 64 bits."""
    shared, own = _parts(given)
    return (shared.digest + _sum(own.values())) % 2**64


def _parts(given: Mapping[str, V]) -> tuple[Shared[V], Mapping[str, V]]:
    if isinstance(given, Joined):
        return given.shared, given.own
    return (given, {}) if isinstance(given, Shared) else (_NONE, given)


def _difference(before: Mapping[str, V], after: Mapping[str, V]) -> Difference[V]:
    return Difference(
        changed=tuple(
            one
            for name, one in after.items()
            if (known := before.get(name)) is not one and _version(known) != one.version
        ),
        gone=tuple(name for name in before if name not in after),
    )


def _version(one: Versioned | None) -> str | None:
    return None if one is None else one.version


def _sum(every: Iterable[Versioned]) -> int:
    return sum(_number(one) for one in every) % 2**64


def _number(one: Versioned) -> int:
    return int.from_bytes(hashlib.sha256(f"{one.name}={one.version}".encode()).digest()[:8])
