"""Writing the audit trail, and counting in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from mesh_web.audit.models import AuditEvent

LOGIN_WINDOW = timedelta(minutes=5)


def record(
    actor: str, action: str, target: str, status: int, address: str, at: datetime
) -> AuditEvent:
    return AuditEvent.objects.create(
        at=at,
        actor=actor[:150],
        action=action[:63],
        target=target[:1024],
        status=status,
        address=address[:64],
    )


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed logins of the last minutes, those not yet decided among them."""

    of_name_from_address: int
    of_name: int
    from_address: int


def failed_logins(username: str, address: str, now: datetime) -> Failures:
    name, place = Q(actor=username[:150]), Q(address=address[:64])
    counts = AuditEvent.objects.filter(
        name | place, action="login", status=401, at__gt=now - LOGIN_WINDOW
    ).aggregate(
        both=Count("pk", filter=name & place),
        name=Count("pk", filter=name),
        place=Count("pk", filter=place),
    )
    return Failures(counts["both"], counts["name"], counts["place"])


def decide_login(attempt: AuditEvent, status: int) -> None:
    """What became of a login that was recorded as failed before its password was looked at."""
    attempt.status = status
    attempt.save(update_fields=["status"])
