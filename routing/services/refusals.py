"""What Envoy refused before: said again before it is pushed again."""

from collections.abc import Iterable, Iterator

from rest.contracts import Finding
from routing.changes import Change
from routing.documents import from_json, same_content
from routing.expiry import permanent
from routing.model.catalogue import finding
from routing.models import ResourceVersion
from routing.selectors import versions_of


def refused_before(changes: Iterable[Change]) -> tuple[Finding, ...]:
    """A warning for each change that makes what Envoy would not take before.

    Only a warning: what is around it may be another by now.
    """
    made = tuple(changes)
    names = ResourceVersion.objects.exclude(refusal="").values_list("name", flat=True)
    known = set(names.filter(name__in={one.key.name for one in made}))
    return tuple(_repeated(one for one in made if one.key.name in known))


def _repeated(changes: Iterable[Change]) -> Iterator[Finding]:
    for change in changes:
        if change.after is None:
            continue
        wanted = permanent(change.after)
        for row in versions_of(change.key).exclude(refusal=""):
            kept = None if row.document is None else from_json(change.key, row.document)
            if kept is not None and same_content(permanent(kept), wanted):
                yield _finding(change, row)
                break


def _finding(change: Change, row: ResourceVersion) -> Finding:
    return finding("MSH0908", change.key, "", row.revision_id, row.refusal)
