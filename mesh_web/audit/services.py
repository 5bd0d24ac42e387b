"""Writing the audit trail, and counting in it."""

from datetime import datetime, timedelta

from mesh_web.audit.models import AuditEvent

LOGIN_WINDOW = timedelta(minutes=5)


def record(actor: str, action: str, target: str, status: int, address: str, at: datetime) -> None:
    AuditEvent.objects.create(
        at=at,
        actor=actor[:150],
        action=action[:63],
        target=target[:1024],
        status=status,
        address=address[:64],
    )


def failed_logins(username: str, address: str, now: datetime) -> int:
    """How often this name failed from this address lately."""
    return AuditEvent.objects.filter(
        action="login", actor=username, address=address, status=401, at__gt=now - LOGIN_WINDOW
    ).count()
