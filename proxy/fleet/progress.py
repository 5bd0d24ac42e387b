"""How far each revision has got: pure, time is an argument."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from proxy.xds.snapshot import ProxySnapshot
from routing.contracts import Convergence, ProxyProgress, ProxyState, RevisionState

ARRIVAL_SECONDS = 3.0
"""How long proxies may take to come back to a control process that has just started."""

PATIENCE_SECONDS = 30.0
"""How long a connected proxy may leave a revision unanswered."""

STARTING_SECONDS = 20.0
"""How long a revision waits for a pod that was made because of it and has not come yet."""

JOINING_SECONDS = 60.0
"""How long after its push a revision that has converged still takes in pods that start with it."""

_FOLLOWED = 20


@dataclass(slots=True)
class _Revision:
    number: int
    accepted_at: float
    pushed_at: float
    final: bool = False
    proxies: dict[str, ProxyProgress] = field(default_factory=dict)
    starting: dict[str, float] = field(default_factory=dict)
    reported: Convergence | None = None
    touched: bool = True

    @property
    def done(self) -> bool:
        return self.reported is not None and self.reported.state is not RevisionState.PUSHED

    @property
    def open(self) -> bool:
        """Whether more may become of it: those that come late are counted, a refusal is final."""
        return self.reported is None or self.reported.state is not RevisionState.REJECTED

    def waits_for(self, proxy_ids: Iterable[str]) -> bool:
        """Whether any of these has not answered yet, as far as is known here."""
        known = (self.proxies.get(proxy_id) for proxy_id in proxy_ids)
        return any(one is not None and one.state is ProxyState.PENDING for one in known)


class Progress:
    """What this process knows of the revisions it pushed lately.

    A proxy is synced with a revision when it has acknowledged all of what it is to have now, and
    that holds the revision or something newer. A pod that starts is one of the newest revision's
    proxies: waited for, for a while, if it was made since the revision was accepted; else only
    listed until it comes. Proxies that are connected to other control processes are theirs to tell
    of. Times are Unix seconds.
    """

    def __init__(self, now: float, control: str = "") -> None:
        self._control = control
        self._others: tuple[str, ...] = ()
        self._elsewhere: frozenset[str] = frozenset()
        self._left: dict[str, float] = {}
        self._started_at = now
        self._done_before = 0
        self._begun = False
        self._revisions: dict[int, _Revision] = {}
        self._connected: set[str] = set()
        self._seen: set[str] = set()
        self._born: dict[str, float] = {}
        self._wanted: dict[str, ProxySnapshot] = {}
        self._settled: dict[str, ProxySnapshot] = {}

    @property
    def alone(self) -> bool:
        """Whether no other control process lives."""
        return not self._others

    def expect(self, proxy_ids: Iterable[str]) -> None:
        """These were connected before this process started, and may be on their way back."""
        self._left.update(dict.fromkeys(proxy_ids, self._started_at))

    def done_before(self, number: int) -> None:
        """This revision had converged before this process started.

        That its proxies get all of it anew, from here, says nothing of how fast it was.
        """
        self._done_before = number

    def others(self, names: tuple[str, ...], connected: frozenset[str], now: float) -> bool:
        """Which other control processes live and what they have; whether that is news."""
        if (names, connected) == (self._others, self._elsewhere):
            return False
        orphaned = self._elsewhere - connected - self._connected
        self._left.update(dict.fromkeys(orphaned, now))
        for proxy_id in connected:
            self._left.pop(proxy_id, None)
        self._seen |= connected
        self._others, self._elsewhere = names, connected
        for revision in self._revisions.values():
            revision.touched = True
            if revision.open and revision.waits_for(orphaned):
                revision.reported = None  # it was said without those that are to come here now
        return True

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
        for snapshot in snapshots:
            if self._is_newborn(snapshot.proxy_id):
                self._born[snapshot.proxy_id] = now
            self._wanted[snapshot.proxy_id] = snapshot
        self._begun = True
        if number == self._done_before:
            return
        revision = self._revisions.get(number)
        if revision is None:
            self._revisions[number] = revision = _Revision(number, accepted_at, now)
            for old in sorted(self._revisions)[:-_FOLLOWED]:
                del self._revisions[old]
        if not revision.done:
            revision.final = final
            for snapshot in snapshots:
                if snapshot.proxy_id not in self._born or snapshot.proxy_id in self._seen:
                    self._set(revision, snapshot.proxy_id, ProxyState.PENDING)
        if revision.open and now < revision.pushed_at + JOINING_SECONDS:
            self._join(revision)

    def _join(self, revision: _Revision) -> None:
        """Pods made since the revision was accepted, and not come yet, are its own too."""
        for proxy_id, born in self._born.items():
            known = proxy_id in revision.proxies or proxy_id in self._seen
            if born >= revision.accepted_at and not known:
                revision.starting[proxy_id] = born
                self._set(revision, proxy_id, ProxyState.PENDING)

    def _is_newborn(self, proxy_id: str) -> bool:
        """Whether its pod has only just been made."""
        return self._begun and proxy_id not in self._wanted and proxy_id not in self._seen

    def removed(self, proxy_id: str) -> None:
        """Its pod is gone: nobody waits for it."""
        self._wanted.pop(proxy_id, None)
        self._settled.pop(proxy_id, None)
        self._born.pop(proxy_id, None)
        self._left.pop(proxy_id, None)
        for revision in self._open():
            known = revision.proxies.get(proxy_id)
            if known is not None and known.state is ProxyState.PENDING:
                del revision.proxies[proxy_id]
                revision.touched = True

    def connected(self, proxy_id: str) -> None:
        self._left.pop(proxy_id, None)
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

    def all_settled(self, now: float) -> bool:
        """Whether every connected proxy has all it shall have, and none is on its way back."""
        if any(now < since + ARRIVAL_SECONDS for since in self._left.values()):
            return False
        return all(
            self._settled.get(proxy_id) is self._wanted.get(proxy_id)
            for proxy_id in self._connected
        )

    def reports(self, now: float) -> Iterator[Convergence]:
        """What has changed since the last call, revision by revision."""
        for revision in self._revisions.values():
            if revision.done and not revision.touched:
                continue
            revision.touched = False
            report = self._report(revision, now)
            if report != revision.reported:
                revision.reported = report
                yield report

    def _report(self, revision: _Revision, now: float) -> Convergence:
        seen = [
            self._as_seen(revision.proxies[proxy_id], revision, now)
            for proxy_id in sorted(revision.proxies)
            if proxy_id not in self._elsewhere or proxy_id in self._connected
        ]
        proxies = tuple(one for one in seen if self._is_own(one))
        absent = tuple(one for one in seen if not self._is_own(one))
        if any(one.state is ProxyState.REJECTED for one in proxies):
            state = RevisionState.REJECTED
        elif not revision.done and self._waits(revision, seen, now):
            state = RevisionState.PUSHED
        elif any(one.error for one in proxies):
            state = RevisionState.PARTIAL
        else:
            state = RevisionState.CONVERGED
        return Convergence(
            revision=revision.number,
            state=state,
            proxies=proxies,
            absent=absent,
            control=self._control,
            others=self._others,
        )

    def _is_own(self, one: ProxyProgress) -> bool:
        return one.proxy_id in self._connected or one.state in (
            ProxyState.SYNCED,
            ProxyState.REJECTED,
        )

    @staticmethod
    def _waits(revision: _Revision, proxies: Iterable[ProxyProgress], now: float) -> bool:
        pending = (one.proxy_id for one in proxies if one.state is ProxyState.PENDING)
        patient_until = revision.pushed_at + PATIENCE_SECONDS
        return not revision.final or any(
            now < revision.starting[proxy_id] + STARTING_SECONDS
            if proxy_id in revision.starting
            else now <= patient_until
            for proxy_id in pending
        )

    def _as_seen(self, known: ProxyProgress, revision: _Revision, now: float) -> ProxyProgress:
        if known.state is not ProxyState.PENDING:
            return known
        born = revision.starting.get(known.proxy_id)
        if born is not None and now < born + JOINING_SECONDS:
            return known
        if known.proxy_id not in self._connected:
            since = self._left.get(known.proxy_id, self._started_at)
            returning = known.proxy_id in self._left or known.proxy_id not in self._seen
            if returning and now < since + ARRIVAL_SECONDS:
                return known
            return ProxyProgress(proxy_id=known.proxy_id, state=ProxyState.DISCONNECTED)
        if now > revision.pushed_at + PATIENCE_SECONDS:
            error = known.error or f"no answer for {PATIENCE_SECONDS:.0f} s"
            return ProxyProgress(proxy_id=known.proxy_id, state=ProxyState.PENDING, error=error)
        return known

    def _open(self) -> Iterator[_Revision]:
        return (revision for revision in self._revisions.values() if revision.open)

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
        revision.touched = True
