"""What has expired is put back as it was, once, whoever looks first."""

import logging
from datetime import datetime

from django.db import transaction

from routing import findings
from routing.changes import Change, after_changes
from routing.contracts import Document, ResourceKey
from routing.expiry import version_before
from routing.models import Resource
from routing.selectors import (
    documents_in_force,
    head_document,
    version_document,
    versions_of,
)
from routing.services import publish
from routing.services.judgement import judge
from routing.services.ledger import Signature, hold_ledger, write_revision
from routing.services.platform import carry_out
from routing.services.rejection import AUTHOR
from telemetry.own.tracing import CHANGE, tracer

log = logging.getLogger(__name__)


def put_back_expired(now: datetime) -> tuple[int, ...]:
    """Put back everything that is due; the numbers of the revisions that did it, one a resource."""
    due = Resource.objects.filter(expires_at__lte=now).order_by("expires_at", "pk")
    numbers = (_tried(pk, now) for pk in list(due.values_list("pk", flat=True)))
    return tuple(number for number in numbers if number is not None)


def _tried(pk: int, now: datetime) -> int | None:
    """One that fails does not hold up the others; it is tried again with the next look."""
    try:
        return _put_back(pk, now)
    except Exception:
        log.exception("what has expired could not be put back; it is tried again")
        return None


@tracer.start_as_current_span("put back", attributes={CHANGE: True})
def _put_back(pk: int, now: datetime) -> int | None:
    """None where another worker was first, or its owner has changed it since.

    It ends even where what was before has errors by now (they are kept with the revision): what
    was meant to end must not live on.
    """
    with transaction.atomic():
        ledger = hold_ledger()
        if not Resource.objects.filter(pk=pk, expires_at__lte=now).update(expires_at=None):
            return None
        head = Resource.objects.get(pk=pk)
        key = ResourceKey(head.kind, head.namespace, head.name)
        current = head_document(head)
        change = Change(key=key, before=current, after=_before(key, head, current, now))
        before = documents_in_force()
        found = judge(after_changes(before, (change,)), (change,))
        carry_out((change,))
        number = write_revision(
            ledger,
            (change,),
            Signature(author=AUTHOR, message=_message(change), system=True),
            findings=findings.all_json(
                dict.fromkeys((*found.blocking, *found.breaking, *found.findings))
            ),
            now=now,
        )
        transaction.on_commit(lambda: publish.enqueue(number))
    log.info("revision %d: %s", number, _message(change))
    return number


def _before(key: ResourceKey, head: Resource, current: Document, now: datetime) -> Document | None:
    """What nobody refused and has not ended: what was in force before the expiring version."""
    older = versions_of(key).filter(revision_id__lt=head.resource_version, refusal="")
    return version_before(current, map(version_document, older), now.timestamp())


def _message(change: Change) -> str:
    done = "it did not exist before" if change.after is None else "it is as it was before"
    return f"{change.key} expired: {done}."
