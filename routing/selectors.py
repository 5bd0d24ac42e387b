"""Reads of the configuration. Every answer is a frozen value, never a row."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from routing.contracts import Document, ResourceKey, RevisionState
from routing.documents import from_json
from routing.models import Resource, ResourceVersion, Revision

CLUSTER = "local"
TURNED_DOWN = Q(state=RevisionState.REJECTED, published_at__isnull=True)
"""Revisions that were rejected in their trial: no proxy was told of them."""


def newest_published() -> tuple[int, float]:
    """Number and accepted time (Unix seconds) of the latest pushed revision; (0, 0.0) without."""
    under_way = Q(state__in=(RevisionState.ACCEPTED, RevisionState.TRIED))
    return _newest(Revision.objects.exclude(under_way | TURNED_DOWN))


def newest_of_all() -> tuple[int, float]:
    """The same of the latest revision, pushed or not."""
    return _newest(Revision.objects.all())


def _newest(rows: QuerySet[Revision]) -> tuple[int, float]:
    newest = rows.order_by("-number").values_list("number", "accepted_at").first()
    return (0, 0.0) if newest is None else (newest[0], newest[1].timestamp())


def traces_of(number: int) -> tuple[str, tuple[str, ...]]:
    """Where the trace of a revision goes on, and those of older ones that are under way; "" is none."""
    under_way = Q(state__in=(RevisionState.ACCEPTED, RevisionState.TRIED), number__lt=number)
    rows = Revision.objects.filter(under_way | Q(number=number)).exclude(trace_parent="")
    found = dict(rows.order_by("number").values_list("number", "trace_parent"))
    return found.pop(number, ""), tuple(found.values())


def newest_accepted() -> int:
    """The number of the latest revision, pushed or not; 0 without."""
    return Revision.objects.order_by("-number").values_list("number", flat=True).first() or 0


def published_at(moment: datetime) -> int:
    """The number of the revision in force at a moment; 0 before the first."""
    return (
        Revision.objects.filter(published_at__lte=moment)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
        or 0
    )


def in_force_at(number: int) -> int:
    """The revision itself; the one before it that was not turned down, if its trial rejected it."""
    rows = Revision.objects.filter(number__lte=number).exclude(TURNED_DOWN).order_by("-number")
    return rows.values_list("number", flat=True).first() or 0


def was_in_force(number: int) -> bool:
    """False of a revision that was rejected in its trial. True of one that is under way."""
    return not Revision.objects.filter(TURNED_DOWN, number=number).exists()


_ALL = Q()


def documents_published(number: int, only: Q = _ALL) -> tuple[Document, ...]:
    """All documents in force at revision `number`, or `only` some, sorted by key."""
    return tuple(one for one, _ in versions_published(number, only))


def versions_published(number: int, only: Q = _ALL) -> tuple[tuple[Document, int], ...]:
    """The same, each with the number of the revision that wrote it.

    What Envoy refused in a trial was never in force.
    """
    latest = (
        _tried_versions()
        .filter(
            cluster=OuterRef("cluster"),
            kind=OuterRef("kind"),
            namespace=OuterRef("namespace"),
            name=OuterRef("name"),
            revision_id__lte=in_force_at(number),
        )
        .order_by("-revision_id")
        .values("revision_id")[:1]
    )
    rows = ResourceVersion.objects.filter(
        only, revision_id=Subquery(latest), document__isnull=False
    )
    found = ((version_document(row), row.revision_id) for row in rows)
    documents = ((one, written) for one, written in found if one is not None)
    return tuple(sorted(documents, key=lambda pair: pair[0].key))


def _tried_versions() -> QuerySet[ResourceVersion]:
    """Every version, without those that a trial rejected."""
    down = Revision.objects.filter(TURNED_DOWN).values_list("number", flat=True)
    refused = ResourceVersion.objects.filter(revision_id__in=list(down)).exclude(refusal="")
    return ResourceVersion.objects.exclude(pk__in=list(refused.values_list("pk", flat=True)))


def version_document(row: ResourceVersion) -> Document | None:
    """None where the revision deleted the resource."""
    key = ResourceKey(row.kind, row.namespace, row.name)
    return None if row.document is None else from_json(key, row.document)


def documents_in_force() -> dict[ResourceKey, Document]:
    """The newest accepted version of every resource."""
    heads = (head_document(row) for row in Resource.objects.filter(cluster=CLUSTER))
    return {head.key: head for head in heads}


def head_document(row: Resource) -> Document:
    return Document(
        key=ResourceKey(row.kind, row.namespace, row.name),
        api_version=row.api_version,
        spec=row.spec,
        labels=tuple(sorted(row.labels.items())),
        annotations=tuple(sorted(row.annotations.items())),
        created_at=row.created.timestamp(),
    )


def heads(keys: Iterable[ResourceKey]) -> dict[ResourceKey, Resource]:
    """The rows of some resources, by key; those that do not exist are missing."""
    wanted = set(keys)
    names = Resource.objects.filter(cluster=CLUSTER, name__in={key.name for key in wanted})
    found = ((ResourceKey(row.kind, row.namespace, row.name), row) for row in names)
    return {key: row for key, row in found if key in wanted}


def versions_of(key: ResourceKey) -> QuerySet[ResourceVersion]:
    """Every version of one resource, newest first."""
    return ResourceVersion.objects.filter(
        cluster=CLUSTER, kind=key.kind, namespace=key.namespace, name=key.name
    ).order_by("-revision_id")


def head_rows(*, kind: str = "", namespace: str = "", name: str = "") -> QuerySet[Resource]:
    """Heads of one kind, namespace or name; empty: any."""
    given = {"kind": kind, "namespace": namespace, "name": name}
    return Resource.objects.filter(
        cluster=CLUSTER, **{field: value for field, value in given.items() if value}
    )


def written_at(number: int) -> datetime:
    """When the revision of a version was accepted."""
    return Revision.objects.values_list("accepted_at", flat=True).get(number=number)


def states_of(numbers: Iterable[int]) -> dict[int, RevisionState]:
    rows = Revision.objects.filter(number__in=set(numbers)).values_list("number", "state")
    return {number: RevisionState(state) for number, state in rows}


def head_states(numbers: Iterable[int]) -> dict[int, RevisionState]:
    """The states of what some revisions wrote and is the newest of its resource.

    What a revision wrote beside the culprits that it was rejected for goes on with the next one.
    """
    found = states_of(numbers)
    rejected = [number for number, state in found.items() if state is RevisionState.REJECTED]
    return found | {number: _carried_by(number) for number in rejected}


def _carried_by(number: int) -> RevisionState:
    later = Revision.objects.filter(number__gt=number).exclude(state=RevisionState.REJECTED)
    state = later.order_by("number").values_list("state", flat=True).first()
    return RevisionState.REJECTED if state is None else RevisionState(state)
