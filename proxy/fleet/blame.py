"""Which revision first brought a proxy what it refuses, and what of it is in doubt. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from proxy.xds.snapshot import ProxySnapshot, Resource

_MOST = 16
"""How many snapshots are remembered of a proxy that acknowledges none of them."""


@dataclass(slots=True)
class _Carried:
    """The snapshots that a proxy was to have since the last that it took, that one first."""

    snapshots: list[tuple[int, ProxySnapshot]] = field(default_factory=list)
    refused: set[tuple[str, str, str]] = field(default_factory=set)


class Ledger:
    """What each proxy was to have, by revision; a refusal may come when a later one is in force."""

    def __init__(self) -> None:
        self._proxies: dict[str, _Carried] = {}

    def pushed(self, number: int, snapshots: Iterable[ProxySnapshot]) -> None:
        for snapshot in snapshots:
            carried = self._proxies.setdefault(snapshot.proxy_id, _Carried())
            carried.snapshots.append((number, snapshot))
            del carried.snapshots[:-_MOST]

    def settled(self, snapshot: ProxySnapshot) -> None:
        """The proxy has all of it: what came before can no longer be refused."""
        carried = self._proxies.get(snapshot.proxy_id)
        if carried is None:
            return
        for index, (_, one) in enumerate(carried.snapshots):
            if one is snapshot:
                del carried.snapshots[:index]
                return

    def disconnected(self, proxy_id: str) -> None:
        """It comes back with what it took, and is asked anew about the rest."""
        carried = self._proxies.get(proxy_id)
        if carried is not None:
            carried.refused.clear()

    def removed(self, proxy_id: str) -> None:
        self._proxies.pop(proxy_id, None)

    def first(self, proxy_id: str, type_url: str, resource: Resource) -> int | None:
        """The revision that first carried this version; None if none that is remembered did."""
        carried = self._proxies.get(proxy_id, _Carried())
        for number, snapshot in carried.snapshots:
            known = snapshot.of(type_url).get(resource.name)
            if known is not None and known.version == resource.version:
                return number
        return None

    def refused(self, proxy_id: str, type_url: str, resources: Iterable[Resource]) -> None:
        carried = self._proxies.setdefault(proxy_id, _Carried())
        carried.refused.update((type_url, one.name, one.version) for one in resources)

    def cleared(self, proxy_id: str, type_url: str, names: Iterable[str]) -> None:
        """These were refused for no fault of theirs and are sent again."""
        carried, again = self._proxies.get(proxy_id), set(names)
        if carried is not None:
            carried.refused = {
                key for key in carried.refused if key[0] != type_url or key[1] not in again
            }

    def in_doubt(self, snapshot: ProxySnapshot) -> bool:
        """Whether the snapshot holds something that its proxy has refused."""
        carried = self._proxies.get(snapshot.proxy_id, _Carried())
        return any(
            (known := snapshot.of(type_url).get(name)) is not None and known.version == version
            for type_url, name, version in carried.refused
        )
