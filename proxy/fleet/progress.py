"""How far each revision has got: pure, time is an argument."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from proxy.xds.snapshot import ProxySnapshot
from routing.contracts import Convergence, ProxyProgress, ProxyState, RevisionState

ARRIVAL_SECONDS = 3.0
"""How long proxies may take to come back to a control process that has just started."""

PATIENCE_SECONDS = 30.0
"""How long a connected proxy may leave a revision unanswered."""

_FOLLOWED = 20


@dataclass(slots=True)
class _Revision:
    number: int
    accepted_at: float
    pushed_at: float
    final: bool = False
    proxies: dict[str, ProxyProgress] = field(default_factory=dict)
    reported: Convergence | None = None

    @property
    def done(self) -> bool:
        return self.reported is not None and self.reported.state is not RevisionState.PUSHED


class Progress:
    """What this process knows of the revisions it pushed lately.

    A proxy is synced with a revision when it has acknowledged all of what it is to have now, and
    that holds the revision or something newer. Times are Unix seconds.
    """

    def __init__(self, now: float) -> None:
        self._started_at = now
        self._begun = False
        self._revisions: dict[int, _Revision] = {}
        self._connected: set[str] = set()
        self._seen: set[str] = set()
        self._wanted: dict[str, ProxySnapshot] = {}
        self._settled: dict[str, ProxySnapshot] = {}

    def pushed(
        self,
        number: int,
        accepted_at: float,
        changed: Iterable[ProxySnapshot],
        *,
        final: bool,
        now: float,
    ) -> None:
        """These snapshots are on their way; `final` when nothing more of the revision follows."""
        snapshots = tuple(changed)
        concerned = [one.proxy_id for one in snapshots if not self._is_newborn(one.proxy_id)]
        for snapshot in snapshots:
            self._wanted[snapshot.proxy_id] = snapshot
        self._begun = True
        revision = self._revisions.get(number)
        if revision is None:
            self._revisions[number] = revision = _Revision(number, accepted_at, now)
            for old in sorted(self._revisions)[:-_FOLLOWED]:
                del self._revisions[old]
        elif revision.done:
            return
        revision.final = final
        for proxy_id in concerned:
            self._set(revision, proxy_id, ProxyState.PENDING)

    def _is_newborn(self, proxy_id: str) -> bool:
        """Whether its pod has only just been made: it starts with the revision, nobody waits."""
        return self._begun and proxy_id not in self._wanted and proxy_id not in self._seen

    def removed(self, proxy_id: str) -> None:
        """Its pod is gone: nobody waits for it."""
        self._wanted.pop(proxy_id, None)
        self._settled.pop(proxy_id, None)
        for revision in self._open():
            known = revision.proxies.get(proxy_id)
            if known is not None and known.state is ProxyState.PENDING:
                del revision.proxies[proxy_id]

    def connected(self, proxy_id: str) -> None:
        self._connected.add(proxy_id)
        self._seen.add(proxy_id)

    def disconnected(self, proxy_id: str) -> None:
        self._connected.discard(proxy_id)
        self._settled.pop(proxy_id, None)

    def settled(self, snapshot: ProxySnapshot, now: float) -> None:
        """The proxy has all of this snapshot; an older one than it shall have does not count."""
        proxy_id = snapshot.proxy_id
        if self._wanted.get(proxy_id) is not snapshot:
            return
        self._settled[proxy_id] = snapshot
        for revision in self._open():
            known = revision.proxies.get(proxy_id)
            if known is not None and known.state is ProxyState.PENDING:
                ms = max(0.0, (now - revision.accepted_at) * 1000)
                self._set(revision, proxy_id, ProxyState.SYNCED, ms=round(ms, 1))

    def rejected(self, proxy_id: str, number: int, error: str) -> None:
        revision = self._revisions.get(number)
        if revision is not None:
            self._set(revision, proxy_id, ProxyState.REJECTED, error=error)

    def stalled(self, proxy_id: str, error: str) -> None:
        """The proxy lacks something for a reason that is nobody's configuration."""
        for revision in self._open():
            known = revision.proxies.get(proxy_id)
            if known is not None and known.state is ProxyState.PENDING:
                self._set(revision, proxy_id, ProxyState.PENDING, error=error)

    def last_good(self, proxy_id: str) -> ProxySnapshot | None:
        """What a connected proxy acknowledged last, all of it."""
        return self._settled.get(proxy_id)

    def has_all(self, proxy_id: str) -> bool:
        """Whether a proxy has acknowledged all that it shall have."""
        wanted = self._wanted.get(proxy_id)
        return wanted is not None and self._settled.get(proxy_id) is wanted

    def all_settled(self) -> bool:
        """Whether every connected proxy has all it shall have."""
        return all(
            self._settled.get(proxy_id) is self._wanted.get(proxy_id)
            for proxy_id in self._connected
        )

    def reports(self, now: float) -> Iterator[Convergence]:
        """What has changed since the last call, revision by revision."""
        for revision in self._revisions.values():
            if revision.done:
                continue
            report = self._report(revision, now)
            if report != revision.reported:
                revision.reported = report
                yield report

    def _report(self, revision: _Revision, now: float) -> Convergence:
        proxies = tuple(
            self._as_seen(revision.proxies[proxy_id], revision, now)
            for proxy_id in sorted(revision.proxies)
        )
        states = {one.state for one in proxies}
        if ProxyState.REJECTED in states:
            state = RevisionState.REJECTED
        elif ProxyState.PENDING in states or not revision.final:
            state = RevisionState.PUSHED
        elif any(one.error for one in proxies):
            state = RevisionState.PARTIAL
        else:
            state = RevisionState.CONVERGED
        return Convergence(revision=revision.number, state=state, proxies=proxies)

    def _as_seen(self, known: ProxyProgress, revision: _Revision, now: float) -> ProxyProgress:
        if known.state is not ProxyState.PENDING:
            return known
        if known.proxy_id not in self._connected:
            returning = known.proxy_id not in self._seen
            if returning and now < self._started_at + ARRIVAL_SECONDS:
                return known
            return ProxyProgress(proxy_id=known.proxy_id, state=ProxyState.DISCONNECTED)
        if now > revision.pushed_at + PATIENCE_SECONDS:
            error = known.error or f"no answer for {PATIENCE_SECONDS:.0f} s"
            return ProxyProgress(
                proxy_id=known.proxy_id, state=ProxyState.DISCONNECTED, error=error
            )
        return known

    def _open(self) -> Iterator[_Revision]:
        return (revision for revision in self._revisions.values() if not revision.done)

    @staticmethod
    def _set(
        revision: _Revision,
        proxy_id: str,
        state: ProxyState,
        *,
        ms: float | None = None,
        error: str = "",
    ) -> None:
        revision.proxies[proxy_id] = ProxyProgress(
            proxy_id=proxy_id, state=state, ms=ms, error=error
        )
