"""Join tokens: what a new agent shows once to get its first certificate."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.utils import timezone

from proxy.models.identity import JoinToken

LIFETIME = timedelta(minutes=30)
FORGOTTEN_AFTER = timedelta(days=1)


def create(node: str, *, lifetime: timedelta = LIFETIME) -> str:
    """A token for the agent of one node. It is shown here once and stored as a digest."""
    now = timezone.now()
    token = secrets.token_urlsafe(32)
    JoinToken.objects.filter(expires_at__lt=now - FORGOTTEN_AFTER).delete()
    JoinToken.objects.create(
        digest=_digest(token), node=node, created_at=now, expires_at=now + lifetime
    )
    return token


def redeem(token: str, node: str, *, now: datetime) -> bool:
    """Use a token up. Exactly one of several callers gets True."""
    fresh = JoinToken.objects.filter(
        digest=_digest(token), node=node, used_at=None, expires_at__gt=now
    )
    return fresh.update(used_at=now) == 1


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
