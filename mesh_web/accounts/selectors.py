"""Who is there: callers by session or token, and lists for administrators."""

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q

from mesh_web.accounts.models import Account, Token
from mesh_web.accounts.principals import Caller
from rest.contracts import Role

LAST_USED_STEP = timedelta(minutes=1)
"""How exact `last_used` is: a write per request would cost more than it tells."""


def digest_of(word: str) -> str:
    """Tokens are long and random: a plain SHA-256 cannot be guessed backwards."""
    return hashlib.sha256(word.encode()).hexdigest()


def caller_of_user(user: AbstractBaseUser | AnonymousUser) -> Caller | None:
    """Who a logged-in user is; None for a stranger or a user without an account."""
    if not user.is_authenticated or not user.is_active:
        return None
    account = Account.objects.filter(user_id=user.pk).first()
    if account is None:
        return None
    return Caller(
        name=user.get_username(),
        role=Role(account.role),
        namespaces=tuple(account.namespaces),
    )


def accounts() -> tuple[Caller, ...]:
    """Everyone who may log in, by name."""
    rows = Account.objects.select_related("user").order_by("user__username")
    return tuple(
        Caller(name=row.user.get_username(), role=Role(row.role), namespaces=tuple(row.namespaces))
        for row in rows
    )


def caller_of_token(word: str, now: datetime) -> Caller | None:
    """Who sends this bearer token; None if it is unknown or has expired."""
    token = Token.objects.filter(
        Q(expires__isnull=True) | Q(expires__gt=now), digest=digest_of(word)
    ).first()
    if token is None:
        return None
    if token.last_used is None or token.last_used < now - LAST_USED_STEP:
        Token.objects.filter(pk=token.pk).update(last_used=now)
    return Caller(name=token.name, role=Role(token.role), namespaces=tuple(token.namespaces))
