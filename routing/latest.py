"""The documents at a revision, again and again: only what has changed since the last time is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from routing.contracts import Document, ResourceKey
from routing.models import ResourceVersion, Revision
from routing.selectors import TURNED_DOWN, documents_published, in_force_at

MOST_KEYS = 100
"""Of more changed documents all are read."""


@dataclass(frozen=True, slots=True)
class _Stand:
    """What the documents depend on: the revision in force, which one that was, and which of those
    before it were turned down."""

    number: int
    created_at: datetime | None
    turned_down: frozenset[int]


_latest: tuple[_Stand, tuple[Document, ...]] | None = None


def documents_at(number: int) -> tuple[Document, ...]:
    """As `documents_published`; what has not changed since the last call are the same objects."""
    global _latest  # noqa: PLW0603  a cache of one value, keyed by where it was read
    stand, last = _stand_at(number), _latest
    documents = _changed_since(last[0], stand, last[1]) if last is not None else None
    if documents is None:
        documents = documents_published(number)
        documents = documents if last is None else _kept(last[1], documents)
    _latest = (stand, documents)
    return documents


def _stand_at(number: int) -> _Stand:
    number = in_force_at(number)
    down = Revision.objects.filter(TURNED_DOWN, number__lte=number)
    return _Stand(number, _created_at(number), frozenset(down.values_list("number", flat=True)))


def _created_at(number: int) -> datetime | None:
    return Revision.objects.filter(number=number).values_list("created_at", flat=True).first()


def _changed_since(
    before: _Stand, now: _Stand, documents: tuple[Document, ...]
) -> tuple[Document, ...] | None:
    """None where they must be read anew: versions are never changed, but a trial may take one back."""
    if before == now:
        return documents
    if before.number > now.number or _created_at(before.number) != before.created_at:
        return None
    if before.turned_down != now.turned_down:
        return None
    touched = ResourceVersion.objects.filter(
        revision_id__gt=before.number, revision_id__lte=now.number
    )
    keys = {
        ResourceKey(*one) for one in touched.values_list("kind", "namespace", "name").distinct()
    }
    if len(keys) > MOST_KEYS:
        return None
    fresh = documents_published(now.number, _any_of(keys)) if keys else ()
    rest = (one for one in documents if one.key not in keys)
    return tuple(sorted((*rest, *fresh), key=_place))


def _place(one: Document) -> tuple[str, str, str]:
    return (one.key.kind, one.key.namespace, one.key.name)


def _any_of(keys: Iterable[ResourceKey]) -> Q:
    found = Q()
    for key in keys:
        found |= Q(kind=key.kind, namespace=key.namespace, name=key.name)
    return found


def _kept(before: tuple[Document, ...], documents: tuple[Document, ...]) -> tuple[Document, ...]:
    known = {one.key: one for one in before}
    return tuple(known[one.key] if known.get(one.key) == one else one for one in documents)
