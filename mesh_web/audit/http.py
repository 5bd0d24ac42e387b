"""The audit trail over REST, for administrators."""

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mesh_web.audit.models import AuditEvent
from rest.access import require_admin
from rest.paging import Page, PageQuery
from rest.shapes import ERRORS

router = Router(tags=["accounts"])

WORDS = r"^[^\x00-\x1f\x7f]*$"


class AuditOut(Schema):
    at: str
    actor: str
    action: str
    target: str
    status: int
    address: str


class AuditQuery(PageQuery):
    """Which lines: `actor` and `target` hold these words somewhere, whatever their case; `refused` those answered with 400 or more, or all others."""

    actor: str = Field("", max_length=150, pattern=WORDS)
    target: str = Field("", max_length=1024, pattern=WORDS)
    refused: bool | None = None


@router.get("/audit", response={200: Page[AuditOut], **ERRORS})
def list_audit(request: HttpRequest, query: Query[AuditQuery]) -> Page[AuditOut]:
    """What was changed or tried, newest first."""
    require_admin(request)
    rows = AuditEvent.objects.order_by("-pk")
    if query.actor:
        rows = rows.filter(actor__icontains=query.actor)
    if query.target:
        rows = rows.filter(target__icontains=query.target)
    if query.refused is not None:
        rows = rows.filter(status__gte=400) if query.refused else rows.filter(status__lt=400)
    if query.cursor.isascii() and query.cursor.isdigit() and len(query.cursor) < 16:
        rows = rows.filter(pk__lt=int(query.cursor))
    found = list(rows[: query.limit + 1])
    shown = found[: query.limit]
    return Page(
        items=[_out(row) for row in shown],
        next=str(shown[-1].pk) if len(found) > len(shown) else None,
    )


def _out(row: AuditEvent) -> AuditOut:
    return AuditOut(
        at=row.at.isoformat(),
        actor=row.actor,
        action=row.action,
        target=row.target,
        status=row.status,
        address=row.address,
    )
