"""Root rotations and renewals as rows: starting, proving, going on, going back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from proxy.fleet.steps import ALIVE
from proxy.identity import authority, certificates
from proxy.identity.certificates import Refused, RootMaterial
from proxy.identity.rotation import BACK, NEXT, Held, Phase, lacks
from proxy.models import CertificateAuthority, ControlProcess, HeldIdentity, RootRotation
from topology import facade as topology
from topology.contracts import PodPhase

LEAST = timedelta(seconds=1)
"""A phase lasts at least so long: what was signed just before it has been reported by then."""

_ENDS = frozenset({Phase.DONE, Phase.ABORTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody who has to prove a phase. `kind` is proxy, agent or control; `lacks` "" is proved."""

    kind: str
    name: str
    lacks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A rotation. `old` and `new` are the roots' fingerprints, "" for one that is gone."""

    number: int
    phase: Phase
    automatic: bool
    open: bool
    old: str
    new: str
    started_by: str
    started_at: datetime
    phase_since: datetime
    ended_at: datetime | None
    holders: tuple[Holder, ...] = ()


def start(
    by: str, now: datetime, *, material: RootMaterial | None = None, automatic: bool = True
) -> Refused | None:
    """Begin a rotation to a new root; refused while another one is under way."""
    made = material or authority.new_root(now)
    try:
        with transaction.atomic():
            old = CertificateAuthority.objects.last()
            if old is None:
                return Refused("there is no certificate authority yet")
            if old.certificate_pem == made.root_pem:
                return Refused("this root is the one in force")
            new = authority.add_root(made, now)
            RootRotation.objects.create(
                old_slot=old.slot,
                new_slot=new.slot,
                phase=Phase.DISTRIBUTING,
                automatic=automatic,
                started_by=by[:150],
                started_at=now,
                phase_since=now,
            )
    except IntegrityError:
        return Refused("a root rotation is under way")
    return None


def proceed(now: datetime) -> Refused | None:
    """To the next phase, whoever has not proved this one."""
    row = _open()
    if row is None or not _move(row, NEXT[Phase(row.phase)], now):
        return Refused("no root rotation is under way")
    return None


def abort(now: datetime) -> Refused | None:
    """Take the way back; refused once the old root is being withdrawn."""
    row = _open()
    if row is None:
        return Refused("no root rotation is under way")
    back = BACK.get(Phase(row.phase))
    if back is None:
        return Refused(f"a rotation that is {row.phase} cannot be aborted; let it end")
    if not _move(row, back, now):
        return Refused("the rotation has just gone on; look at it again")
    return None


def advance(now: datetime) -> bool:
    """Go on by itself if everybody has proved the phase; run it often and anywhere."""
    row = _open()
    if row is None or not row.automatic or now < row.phase_since + LEAST:
        return False
    if any(holder.lacks for holder in _holders(row, now)):
        return False
    return _move(row, NEXT[Phase(row.phase)], now)


def status(now: datetime) -> Status | None:
    """The rotation that is under way, or the last one."""
    row = RootRotation.objects.last()
    if row is None:
        return None
    old, new = _fingerprints(row)
    return Status(
        number=row.pk,
        phase=Phase(row.phase),
        automatic=row.automatic,
        open=bool(row.open),
        old=old,
        new=new,
        started_by=row.started_by,
        started_at=row.started_at,
        phase_since=row.phase_since,
        ended_at=row.ended_at,
        holders=tuple(_holders(row, now)) if row.open else (),
    )


def would_prove() -> tuple[Holder, ...]:
    """The agents and proxies that would have to prove a rotation that began now."""
    return tuple(_everybody({}))


def _open() -> RootRotation | None:
    return RootRotation.objects.filter(open=True).first()


def _move(row: RootRotation, to: Phase, now: datetime) -> bool:
    """One conditional statement: of several processes one moves it. The root that lost is deleted."""
    ends = to in _ENDS
    with transaction.atomic():
        moved = RootRotation.objects.filter(pk=row.pk, phase=row.phase, open=True).update(
            phase=to,
            phase_since=now,
            open=None if ends else True,
            ended_at=now if ends else None,
        )
        if moved and ends:
            lost = row.old_slot if to is Phase.DONE else row.new_slot
            CertificateAuthority.objects.filter(slot=lost).delete()
    return moved == 1


def _holders(row: RootRotation, now: datetime) -> Iterator[Holder]:
    phase, (old, new) = Phase(row.phase), _fingerprints(row)
    told = {
        one.holder: lacks(phase, old, new, Held(one.issuer, frozenset(one.roots)))
        for one in HeldIdentity.objects.all()
    }
    taken = authority.version(row)
    for control in ControlProcess.objects.filter(seen_at__gt=now - ALIVE):
        behind = "" if control.trust >= taken else "has not taken up the phase yet"
        yield Holder(kind="control", name=control.name, lacks=behind)
    yield from _everybody(told)


def _everybody(told: Mapping[str, str]) -> Iterator[Holder]:
    """Agents and proxies: those who told what they hold, and those that run and have not."""
    silent = "has not said what it holds"
    known = {one.holder: one for one in HeldIdentity.objects.all()}
    running = {
        pod.proxy_id
        for pod in topology.registry().pods
        if pod.sidecar and pod.phase is PodPhase.RUNNING
    }
    for name in sorted(known.keys() | running):
        held = known.get(name)
        kind = "proxy" if held is None or held.proxy else "agent"
        yield Holder(kind=kind, name=name, lacks=silent if held is None else told.get(name, ""))


def _fingerprints(row: RootRotation) -> tuple[str, str]:
    pems = {
        one.slot: one.certificate_pem
        for one in CertificateAuthority.objects.filter(slot__in=(row.old_slot, row.new_slot))
    }
    return tuple(  # type: ignore[return-value]  # two
        certificates.fingerprints(pems[slot])[0] if slot in pems else ""
        for slot in (row.old_slot, row.new_slot)
    )


def record(node: str, told: Iterable[Mapping[str, Any]]) -> None:
    """Take in what an agent says that it and its Envoys hold; forget those that are gone.

    Raises KeyError, TypeError, ValueError or OverflowError for what is no such report.
    """
    pods = topology.registry().pods
    here = {pod.proxy_id for pod in pods if pod.node == node}
    rows = [row for one in told if (row := _row(node, one, here)) is not None]
    named = {row.holder for row in rows}
    old = {row.holder: row for row in HeldIdentity.objects.filter(node=node)}
    fresh = [row for row in rows if not _same(row, old.get(row.holder))]
    gone = [name for name, row in old.items() if row.proxy and name not in named | here]
    if not fresh and not gone:
        return
    with transaction.atomic():
        HeldIdentity.objects.bulk_create(
            fresh, update_conflicts=True, unique_fields=["holder"], update_fields=_TOLD
        )
        HeldIdentity.objects.filter(holder__in=gone).delete()


_TOLD = ("proxy", "node", "uri", "serial", "issuer", "roots", "not_before", "not_after")
_MOST_ROOTS = 16


def _row(node: str, one: Mapping[str, Any], here: set[str]) -> HeldIdentity | None:
    """None for a proxy that has no pod on the node (any more)."""
    proxy = one["proxy"]
    if proxy is not None and proxy not in here:
        return None
    return HeldIdentity(
        holder=f"agent {node}" if proxy is None else str(proxy),
        proxy=proxy is not None,
        node=node,
        uri=str(one["uri"])[:1024],
        serial=str(one["serial"])[:64],
        issuer=str(one["issuer"])[:64],
        roots=[str(root)[:64] for root in one["roots"]][:_MOST_ROOTS],
        not_before=float(one["not_before"]),
        not_after=float(one["not_after"]),
    )


def _same(row: HeldIdentity, old: HeldIdentity | None) -> bool:
    return old is not None and all(getattr(row, name) == getattr(old, name) for name in _TOLD)


def ask_for_renewal(proxy_id: str) -> HeldIdentity | None:
    """Have the agent of a proxy make a new key and certificate; None if it has told of none."""
    asked = HeldIdentity.objects.filter(holder=proxy_id, proxy=True)
    asked.update(replace=F("serial"))
    return asked.first()


def to_renew(node: str) -> tuple[str, ...]:
    """Serials of certificates on a node that are to be made anew."""
    asked = HeldIdentity.objects.filter(node=node, replace=F("serial")).exclude(replace="")
    return tuple(sorted(set(asked.values_list("serial", flat=True))))
