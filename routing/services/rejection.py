"""What Envoy refuses is taken back, once: the resource returns to its last good version."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from rest.contracts import Finding, Severity
from routing.changes import Change
from routing.contracts import Document, ResourceKey, RevisionState
from routing.documents import from_json, same_content
from routing.findings import as_json
from routing.models import ResourceVersion, Revision
from routing.selectors import versions_of
from routing.services import publish
from routing.services.convergence import BEFORE, announce, progress_of
from routing.services.ledger import Signature, hold_ledger, write_revision
from routing.services.platform import carry_out

AUTHOR = "meshweb"


def revert_to_last_good(key: ResourceKey, revision: int, error: str) -> int | None:
    """See `routing.facade.revert_rejected`."""
    now = timezone.now()
    with transaction.atomic():
        ledger = hold_ledger()
        bad = versions_of(key).filter(revision_id__lte=revision).first()
        if bad is None or bad.document is None:
            return None
        claimed = versions_of(key).filter(pk=bad.pk, refusal="").update(refusal=error or "refused")
        if claimed:
            _reject(bad.revision_id, refused(key, error))
        if not claimed or versions_of(key).filter(revision_id__gt=bad.revision_id).exists():
            return None
        change = Change(key=key, before=from_json(key, bad.document), after=_last_good(key, bad))
        carry_out((change,))
        number = write_revision(
            ledger,
            (change,),
            Signature(
                author=AUTHOR,
                message=f"Take back {key}: a proxy refused it.",
                system=True,
                reverts=bad.revision_id,
            ),
            findings=(as_json(refused(key, error)),),
            now=now,
        )
        transaction.on_commit(lambda: publish.enqueue(number))
    _tell_rejected(bad.revision_id)
    return number


def refused(key: ResourceKey, error: str) -> Finding:
    return Finding(
        code="MSH0901",
        severity=Severity.ERROR,
        resource=str(key),
        path="",
        message=f"Envoy refused what was made of this resource: {error}",
        fix="mend the resource and apply it again; its last good version is in force",
    )


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


def _reject(number: int, finding: Finding) -> None:
    """Name the culprit in the revision that brought it; its state only ever goes forward."""
    found = Revision.objects.get(number=number)
    Revision.objects.filter(number=number).update(findings=[*found.findings, as_json(finding)])
    Revision.objects.filter(
        number=number,
        state__in=(RevisionState.ACCEPTED, *BEFORE[RevisionState.REJECTED]),
    ).update(state=RevisionState.REJECTED)


def _tell_rejected(number: int) -> None:
    row: Mapping[str, Any] | None = (
        Revision.objects.filter(number=number, state=RevisionState.REJECTED)
        .values("convergence")
        .first()
    )
    if row is not None:
        announce(number, RevisionState.REJECTED, progress_of(row["convergence"]))
