"""What the fleet's rows are to say: gathered on the event loop, written by a thread."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from proxy.models import ProxyRow
from proxy.xds.messages import SHORT_NAMES
from proxy.xds.snapshot import ProxySnapshot, Resources, version_of_set
from routing.contracts import ProxyState


@dataclass(slots=True)
class _TypeSeen:
    """What a connected proxy said last of one type. `version` is of the set it acknowledged."""

    version: str = ""
    sent_at: float | None = None
    acked_at: float | None = None
    refused: bool = False
    error: str = ""
    unanswered: int = 0

    def takes(self, version: str) -> None:
        self.version, self.refused, self.error = version, False, ""


@dataclass(slots=True)
class _Known:
    snapshot: ProxySnapshot | None = None
    connected: bool = False
    settled: bool = False
    refused: bool = False
    revision: int = 0
    error: str = ""
    expires_at: float | None = None
    types: dict[str, _TypeSeen] = field(default_factory=dict)
    versions: dict[str, tuple[Resources, str]] = field(default_factory=dict)


class Rows:
    """The latest word on each proxy, and whose row is out of date."""

    def __init__(self, control: str) -> None:
        self._control = control
        self._known: dict[str, _Known] = {}
        self._dirty: set[str] = set()
        self._gone: set[str] = set()
        self._carried = 0

    def planned(self, snapshots: Mapping[str, ProxySnapshot], number: int, *, all_: bool) -> None:
        """`all_`: the revision is a new one, and proxies it does not concern have it already: of them
        that is all there is to write (`carried`)."""
        for proxy_id, snapshot in snapshots.items():
            known = self._known.setdefault(proxy_id, _Known())
            if known.snapshot is not snapshot:
                known.snapshot, known.settled = snapshot, False
                self._dirty.add(proxy_id)
            elif all_ and known.settled:
                known.revision = number
        if all_:
            self._carried = number

    def removed(self, proxy_ids: Iterable[str]) -> None:
        for proxy_id in proxy_ids:
            self._known.pop(proxy_id, None)
            self._dirty.discard(proxy_id)
            self._gone.add(proxy_id)

    def connected(self, proxy_id: str, expires_at: float | None) -> None:
        known = self._known.setdefault(proxy_id, _Known())
        if not known.connected:
            known.types = {}
        known.connected, known.expires_at = True, expires_at
        self._dirty.add(proxy_id)

    def disconnected(self, proxy_id: str) -> None:
        known = self._known.get(proxy_id)
        if known is not None:
            known.connected = known.settled = False
            self._dirty.add(proxy_id)

    def sent(self, proxy_id: str, type_url: str, now: float) -> None:
        known = self._known.get(proxy_id)
        if known is not None:
            seen = known.types.setdefault(type_url, _TypeSeen())
            seen.unanswered, seen.sent_at = seen.unanswered + 1, now
            self._dirty.add(proxy_id)

    def acknowledged(
        self, proxy_id: str, type_url: str, snapshot: ProxySnapshot | None, now: float
    ) -> None:
        """It took a response of this type, and all of `snapshot`'s type unless that is None."""
        known = self._known.get(proxy_id)
        if known is None:
            return
        seen = known.types.setdefault(type_url, _TypeSeen())
        seen.unanswered, seen.acked_at = max(0, seen.unanswered - 1), now
        if snapshot is not None:
            seen.takes(_version(known, type_url, snapshot))
        self._dirty.add(proxy_id)

    def settled(self, snapshot: ProxySnapshot, number: int) -> None:
        """The proxy has all of this snapshot; one that it shall no longer have does not count."""
        known = self._known.get(snapshot.proxy_id)
        if known is None or known.snapshot is not snapshot:
            return
        known.settled, known.revision = True, number
        known.refused, known.error = False, ""
        for url in SHORT_NAMES:
            if snapshot.of(url) or url in known.types:
                seen = known.types.setdefault(url, _TypeSeen())
                seen.takes(_version(known, url, snapshot))
                seen.unanswered = 0
        self._dirty.add(snapshot.proxy_id)

    def rejected(self, proxy_id: str, type_url: str, error: str) -> None:
        known = self._known.get(proxy_id)
        if known is not None:
            known.settled, known.refused, known.error = False, True, error
            self._refused_type(known, type_url, error)
            self._dirty.add(proxy_id)

    def stalled(self, proxy_id: str, type_url: str, error: str) -> bool:
        """It waits for something that is nobody's configuration; whether that is news."""
        known = self._known.get(proxy_id)
        if known is None:
            return False
        self._refused_type(known, type_url, error)
        known.settled = False
        self._dirty.add(proxy_id)
        if known.error == error:
            return False
        known.refused, known.error = False, error
        return True

    @staticmethod
    def _refused_type(known: _Known, type_url: str, error: str) -> None:
        seen = known.types.setdefault(type_url, _TypeSeen())
        seen.unanswered, seen.refused, seen.error = max(0, seen.unanswered - 1), True, error

    def take(self, now: float) -> tuple[list[ProxyRow], list[str]]:
        """The rows to write and the ids to forget; from then on they count as written."""
        rows = [
            self._row(proxy_id, self._known[proxy_id], now)
            for proxy_id in self._dirty
            if self._known[proxy_id].snapshot is not None
        ]
        gone = list(self._gone)
        self._dirty, self._gone = set(), set()
        return rows, gone

    def carried(self) -> int:
        """The newest revision: every synced proxy whose row is not to be written has it, too."""
        return self._carried

    def put_back(self, rows: Iterable[ProxyRow], gone: Iterable[str]) -> None:
        """They could not be written: try again with the next."""
        self._dirty |= {row.id for row in rows} & self._known.keys()
        self._gone |= set(gone) - self._known.keys()

    def _row(self, proxy_id: str, known: _Known, now: float) -> ProxyRow:
        snapshot = known.snapshot
        assert snapshot is not None  # noqa: S101  `take` has looked
        who = snapshot.config.proxy
        return ProxyRow(
            id=proxy_id,
            namespace=who.namespace,
            pod=who.pod,
            workload=who.workload,
            connected=known.connected,
            control=self._control,
            revision=known.revision,
            state=_state(known).value,
            types={SHORT_NAMES[url]: _type(known, snapshot, url) for url in SHORT_NAMES},
            error=known.error,
            certificate_expires_at=_time(known.expires_at),
            updated_at=datetime.fromtimestamp(now, UTC),
        )


def _state(known: _Known) -> ProxyState:
    if not known.connected:
        return ProxyState.DISCONNECTED
    if known.settled:
        return ProxyState.SYNCED
    return ProxyState.REJECTED if known.refused else ProxyState.PENDING


def _type(known: _Known, snapshot: ProxySnapshot, url: str) -> dict[str, str | float | None]:
    """The version that the proxy acknowledged, and how that stands to what it shall have."""
    wanted = _version(known, url, snapshot)
    seen = known.types.get(url)
    if seen is None:
        return _told("NOT SENT", _TypeSeen(), wanted)
    if seen.refused:
        state = "NACK"
    elif known.connected and not seen.unanswered and seen.version == wanted:
        state = "SYNCED"
    else:
        state = "STALE"
    return _told(state, seen, wanted)


def _told(state: str, seen: _TypeSeen, wanted: str) -> dict[str, str | float | None]:
    return {
        "state": state,
        "version": seen.version,
        "wanted": wanted,
        "sent_at": seen.sent_at,
        "acked_at": seen.acked_at,
        "error": seen.error,
    }


def _version(known: _Known, url: str, snapshot: ProxySnapshot) -> str:
    """The version of a snapshot's resources of one type, made once."""
    resources = snapshot.of(url)
    remembered = known.versions.get(url)
    if remembered is None or remembered[0] is not resources:
        remembered = (resources, version_of_set(resources))
        known.versions[url] = remembered
    return remembered[1]


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
