"""The history: list, read, take back."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Query, Router

from rest.access import principal, require_write
from rest.contracts import Refusal
from rest.paging import Page, PageQuery
from rest.shapes import ERRORS
from routing.changes import Change
from routing.differences import differences
from routing.http.answers import RESPONSES, Answer, WriteQuery, answer
from routing.http.applying import may_deploy, scope_of
from routing.http.schemas import ComparedOut, ComparisonOut, DifferenceOut, EffectsOut, RevisionOut
from routing.selectors import in_force_at
from routing.services import apply, history, revert
from routing.services.foresight import foresee_revision, foresee_revisions
from routing.services.ledger import Signature

router = Router()

Number = Annotated[int, Path(ge=1, le=2**53)]
NumberOrNone = Annotated[int, Path(ge=0, le=2**53)]


@router.get("/revisions", response={200: Page[RevisionOut], **ERRORS})
def list_revisions(request: HttpRequest, query: Query[PageQuery]) -> Page[RevisionOut]:
    """Revisions, newest first."""
    del request
    before = int(query.cursor) if _is_number(query.cursor) else None
    found = history.latest(query.limit + 1, before)
    shown = found[: query.limit]
    return Page(
        items=[RevisionOut.of(one) for one in shown],
        next=str(shown[-1].number) if len(found) > len(shown) else None,
    )


def _is_number(cursor: str) -> bool:
    return cursor.isascii() and cursor.isdigit() and len(cursor) < 16


@router.get("/revisions/{number}", response={200: RevisionOut, **ERRORS})
def get_revision(request: HttpRequest, number: Number) -> RevisionOut:
    """One revision with its changes, and how far each proxy got."""
    del request
    found = history.revision(number)
    if found is None:
        raise Refusal(404, "not_found", f"There is no revision {number}.")
    return RevisionOut.of(found)


@router.get("/revisions/{before}/compare/{after}", response={200: ComparisonOut, **ERRORS})
def compare_revisions(
    request: HttpRequest, before: NumberOrNone, after: NumberOrNone
) -> ComparisonOut:
    """What differs between the configurations of two revisions; 0 is before the first."""
    del request
    _known(before, after)
    return ComparisonOut(
        before=before,
        after=after,
        in_force=(in_force_at(before), in_force_at(after)),
        changes=[_compared(one) for one in history.compare(before, after)],
    )


@router.get("/revisions/{number}/effects", response={200: EffectsOut, **ERRORS})
def revision_effects(request: HttpRequest, number: Number) -> EffectsOut:
    """What one revision changed in each Envoy, seen for the proxies that run now.

    Of one that was rejected in its trial: what it would have changed.
    """
    del request
    _known(number)
    return EffectsOut.of(foresee_revision(number))


@router.get("/revisions/{before}/compare/{after}/effects", response={200: EffectsOut, **ERRORS})
def compare_effects(request: HttpRequest, before: NumberOrNone, after: NumberOrNone) -> EffectsOut:
    """What differs in each Envoy between two revisions, seen for the proxies that run now."""
    del request
    _known(before, after)
    return EffectsOut.of(foresee_revisions(before, after))


def _known(*numbers: int) -> None:
    for number in numbers:
        if number and not history.exists(number):
            raise Refusal(404, "not_found", f"There is no revision {number}.")


def _compared(change: Change) -> ComparedOut:
    view = history.change_view(change)
    found = differences(change.before, change.after)
    return ComparedOut(
        resource=str(view.resource),
        action=view.action,
        before=view.before,
        after=view.after,
        fields=[DifferenceOut.of(one) for one in found],
    )


@router.post("/revisions/{number}/revert", response=RESPONSES)
def revert_revision(request: HttpRequest, number: Number, query: Query[WriteQuery]) -> Answer:
    """Take back what a revision changed; 409 where later revisions changed it again."""
    undo = revert.changes_to_undo(number)
    if undo is None:
        raise Refusal(404, "not_found", f"There is no revision {number}.")
    if isinstance(undo, revert.ChangedSince):
        listed = ", ".join(str(key) for key in undo.keys)
        raise Refusal(409, "changed_since", f"Later revisions changed {listed}.")
    for change in undo:
        require_write(request, scope_of(change.key))
    signature = Signature(
        author=principal(request).name,
        message=query.message or f"Take back revision {number}.",
        reverts=number,
    )
    # 0 for what the revision deleted: it must still be gone
    if_match = {one.key: 0 if one.after is None else number for one in undo}
    wanted = {one.key: one.before for one in undo}
    conditions = apply.Terms(
        signature=signature,
        dry_run=query.dry_run,
        if_match=if_match,
        expires=query.expires,
        may_deploy=may_deploy(request),
        force=query.force,
    )
    return answer(apply.change(wanted, conditions), query)
