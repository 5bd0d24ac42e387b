"""What Envoy refuses is taken back, once: the resource returns to its last good version."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from rest.contracts import Finding
from routing import trials
from routing.changes import Change
from routing.contracts import Document, ResourceKey, RevisionState, Trial
from routing.documents import from_json, same_content
from routing.findings import all_json, as_json
from routing.model.catalogue import finding
from routing.models import Ledger, ResourceVersion, Revision
from routing.selectors import traces_of, version_document, versions_of
from routing.services import publish
from routing.services.convergence import BEFORE, announce, progress_of
from routing.services.ledger import Signature, hold_ledger, write_revision
from routing.services.platform import carry_out
from telemetry.own.tracing import CHANGE, context_of, tracer

AUTHOR = "meshweb"

_REJECTABLE = (*publish.UNDER_WAY, *BEFORE[RevisionState.REJECTED])


@dataclass(frozen=True, slots=True)
class _Culprit:
    """A version that Envoy refused, and its words; `revert` None: it was changed since."""

    bad: ResourceVersion
    finding: Finding
    revert: Change | None


def revert_to_last_good(key: ResourceKey, revision: int, error: str) -> int | None:
    """See `routing.facade.revert_rejected`."""
    return _take_back(revision, {key: error}, None)


def take_back(revision: int, culprits: Mapping[ResourceKey, str], trial: Trial) -> int | None:
    """See `routing.facade.turn_down`."""
    return _take_back(revision, culprits, trial)


def _take_back(
    revision: int, culprits: Mapping[ResourceKey, str], trial: Trial | None
) -> int | None:
    parent, _ = traces_of(revision)
    with (
        tracer.start_as_current_span(
            "take back",
            context=context_of(parent),
            attributes={CHANGE: True, "meshweb.revision": revision},
        ),
        transaction.atomic(),
    ):
        ledger = hold_ledger()
        found = tuple(_found(revision, culprits))
        rejected = sorted({one.bad.revision_id for one in found})
        for number in rejected:
            mine = [one.finding for one in found if one.bad.revision_id == number]
            _reject(number, mine, trial)
        made = _revert(ledger, [one for one in found if one.revert], trial, timezone.now())
    for number in rejected:
        _tell_rejected(number)
    return made


def _found(revision: int, culprits: Mapping[ResourceKey, str]) -> Iterator[_Culprit]:
    """What was not taken back before; from now on it counts as refused."""
    for key, error in sorted(culprits.items()):
        bad = versions_of(key).filter(revision_id__lte=revision).first()
        if bad is None:
            continue
        claimed = versions_of(key).filter(pk=bad.pk, refusal="").update(refusal=error or "refused")
        if not claimed:
            continue
        since = versions_of(key).filter(revision_id__gt=bad.revision_id).exists()
        before, after = version_document(bad), _last_good(key, bad)
        change = Change(key=key, before=before, after=after)
        same = since or (before is None and after is None)
        yield _Culprit(bad, refused(key, error), None if same else change)


def _revert(
    ledger: Ledger, culprits: list[_Culprit], trial: Trial | None, now: datetime
) -> int | None:
    changes = tuple(one.revert for one in culprits if one.revert is not None)
    if not changes:
        return None
    carry_out(changes)
    number = write_revision(
        ledger,
        changes,
        Signature(
            author=AUTHOR,
            message=_message([one.bad for one in culprits], trial),
            system=True,
            reverts=max(one.bad.revision_id for one in culprits),
        ),
        findings=all_json(one.finding for one in culprits),
        now=now,
    )
    transaction.on_commit(lambda: publish.enqueue(number))
    return number


def _message(bad: Iterable[ResourceVersion], trial: Trial | None) -> str:
    """Whose was it, and who would not have it."""
    listed = list(bad)
    shown = [
        f"{_name(row)} (revision {row.revision_id} of {row.revision.author})" for row in listed
    ]
    who = "a proxy refused it" if trial is None else "Envoy refused it in its trial"
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"Take back {', '.join(shown[:_SHOWN])}{more}: {who}."


_SHOWN = 5


def _name(row: ResourceVersion) -> ResourceKey:
    return ResourceKey(row.kind, row.namespace, row.name)


def refused(key: ResourceKey, error: str) -> Finding:
    return finding("MSH0901", key, "", error)


def _last_good(key: ResourceKey, bad: ResourceVersion) -> Document | None:
    """The newest older version that nobody refused and whose content nobody refused."""
    older = versions_of(key).filter(revision_id__lt=bad.revision_id)
    refused_ones = [
        from_json(key, row.document)
        for row in versions_of(key).exclude(refusal="")
        if row.document is not None
    ]
    for row in older.filter(refusal=""):
        if row.document is None:
            return None
        candidate = from_json(key, row.document)
        if not any(same_content(candidate, one) for one in refused_ones):
            return candidate
    return None


def _reject(number: int, culprits: Iterable[Finding], trial: Trial | None) -> None:
    """Name the culprits in the revision that brought them; its state only ever goes forward."""
    found = Revision.objects.get(number=number)
    found.findings = [*found.findings, *map(as_json, culprits)]
    if trial is not None and not found.trial:
        found.trial = trials.as_json(trial)
    found.save(update_fields=["findings", "trial"])
    Revision.objects.filter(number=number, state__in=_REJECTABLE).update(
        state=RevisionState.REJECTED
    )


def _tell_rejected(number: int) -> None:
    row: Mapping[str, Any] | None = (
        Revision.objects.filter(number=number, state=RevisionState.REJECTED)
        .values("convergence")
        .first()
    )
    if row is not None:
        announce(number, RevisionState.REJECTED, progress_of(row["convergence"]))
