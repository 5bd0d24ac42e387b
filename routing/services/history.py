"""Revisions as people see them: who, what, how far."""

from collections.abc import Iterable

from django.db.models import JSONField, OuterRef, QuerySet, Subquery

from routing import findings, trials
from routing.changes import Action, Change, changes_between
from routing.contracts import ChangeView, Document, ResourceKey, RevisionState, RevisionView
from routing.documents import from_json, to_yaml
from routing.models import ResourceVersion, Revision
from routing.selectors import documents_published
from routing.services.convergence import progress_of
from telemetry.own.tracing import trace_id_of


def revision(number: int) -> RevisionView | None:
    found = revisions(Revision.objects.filter(number=number))
    return found[0] if found else None


def exists(number: int) -> bool:
    return Revision.objects.filter(number=number).exists()


def latest(limit: int, before: int | None = None) -> tuple[RevisionView, ...]:
    """Newest first; those older than `before` if it is given."""
    rows = Revision.objects.order_by("-number")
    return revisions((rows if before is None else rows.filter(number__lt=before))[:limit])


def revisions(rows: QuerySet[Revision]) -> tuple[RevisionView, ...]:
    found = list(rows)
    changes = changes_of([row.number for row in found])
    return tuple(_view(row, changes.get(row.number, ())) for row in found)


def changes_of(numbers: Iterable[int]) -> dict[int, tuple[Change, ...]]:
    """What some revisions changed, each sorted by key."""
    earlier = ResourceVersion.objects.filter(
        cluster=OuterRef("cluster"),
        kind=OuterRef("kind"),
        namespace=OuterRef("namespace"),
        name=OuterRef("name"),
        revision_id__lt=OuterRef("revision_id"),
    ).order_by("-revision_id")
    rows = (
        ResourceVersion.objects.filter(revision_id__in=list(numbers))
        .annotate(before=Subquery(earlier.values("document")[:1], output_field=JSONField()))
        .order_by("revision_id", "kind", "namespace", "name")
    )
    found: dict[int, tuple[Change, ...]] = {}
    for row in rows:
        key = ResourceKey(row.kind, row.namespace, row.name)
        change = Change(
            key=key,
            before=None if row.before is None else from_json(key, row.before),
            after=None if row.document is None else from_json(key, row.document),
        )
        found[row.revision_id] = (*found.get(row.revision_id, ()), change)
    return found


def compare(before: int, after: int) -> tuple[Change, ...]:
    """What leads from the configuration of one revision to that of another, sorted by key."""
    sides = [{one.key: one for one in documents_published(number)} for number in (before, after)]
    gone: dict[ResourceKey, Document | None] = dict.fromkeys(sides[0])
    return changes_between(sides[0], {**gone, **sides[1]})


def change_view(change: Change) -> ChangeView:
    return ChangeView(
        resource=change.key,
        action=Action(change.action).value,
        before=None if change.before is None else to_yaml(change.before),
        after=None if change.after is None else to_yaml(change.after),
    )


def _view(row: Revision, changes: Iterable[Change]) -> RevisionView:
    return RevisionView(
        number=row.number,
        state=RevisionState(row.state),
        author=row.author,
        message=row.message,
        created_at=row.created_at.timestamp(),
        ms=row.ms,
        converged=row.converged,
        total=row.total,
        changes=tuple(change_view(one) for one in changes),
        proxies=progress_of(row.convergence),
        findings=tuple(findings.from_json(one) for one in row.findings),
        system=row.system,
        reverts=row.reverts,
        trial=trials.from_json(row.trial),
        trace_id=trace_id_of(row.trace_parent),
    )
