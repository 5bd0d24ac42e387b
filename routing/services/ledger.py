"""Writing a revision: who holds the ledger writes alone, numbers follow commits."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from routing.changes import Change
from routing.contracts import Document
from routing.documents import plain, to_json
from routing.expiry import expires_at
from routing.models import Ledger, Resource, ResourceVersion, Revision
from routing.selectors import CLUSTER, heads
from telemetry.own.tracing import traceparent, tracer


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who makes a revision, and why."""

    author: str
    message: str = ""
    system: bool = False
    reverts: int | None = None


@tracer.start_as_current_span("hold ledger")
def hold_ledger() -> Ledger:
    """Wait for every other writer, and keep them out until the transaction ends.

    SQLite's transactions are IMMEDIATE: there the transaction itself is the lock.
    """
    Ledger.objects.get_or_create(pk=1)
    return Ledger.objects.select_for_update().get(pk=1)


def write_revision(
    ledger: Ledger,
    changes: Sequence[Change],
    signature: Signature,
    *,
    findings: Iterable[dict[str, Any]],
    now: datetime,
) -> int:
    """One revision, its versions and the new heads; answers its number."""
    ledger.number += 1
    ledger.save(update_fields=["number"])
    number = ledger.number
    Revision.objects.create(
        number=number,
        author=signature.author,
        message=signature.message,
        system=signature.system,
        reverts=signature.reverts,
        findings=list(findings),
        trace_parent=traceparent(),
        created_at=now,
        accepted_at=now,
    )
    rows = heads(change.key for change in changes)
    for change in changes:
        _write_change(number, change, rows.get(change.key), now)
    return number


def _write_change(number: int, change: Change, head: Resource | None, now: datetime) -> None:
    if change.after is None:
        kept = None
        if head is not None:
            head.delete()
    else:
        created = head.created if head is not None else _first_made(change.after, now)
        document = replace(change.after, created_at=created.timestamp())
        kept = to_json(document)
        _write_head(number, document, head, created)
    ResourceVersion.objects.create(
        cluster=CLUSTER,
        revision_id=number,
        kind=change.key.kind,
        namespace=change.key.namespace,
        name=change.key.name,
        document=kept,
    )


def _first_made(document: Document, now: datetime) -> datetime:
    """A resource that comes back keeps its age (Istio's precedence goes by age)."""
    return datetime.fromtimestamp(document.created_at, UTC) if document.created_at else now


def _write_head(number: int, document: Document, head: Resource | None, created: datetime) -> None:
    spec = plain(document.spec)
    if head is None:
        head = Resource(
            cluster=CLUSTER,
            kind=document.key.kind,
            namespace=document.key.namespace,
            name=document.key.name,
            uid=uuid.uuid4(),
            generation=0,
            created=created,
        )
    if head.generation == 0 or head.spec != spec:
        head.generation += 1
    head.api_version = document.api_version
    head.labels = dict(document.labels)
    head.annotations = dict(document.annotations)
    head.spec = spec
    head.resource_version = number
    moment = expires_at(document)
    head.expires_at = None if moment is None else datetime.fromtimestamp(moment, UTC)
    head.save()
