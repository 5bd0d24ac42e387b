"""Accounts, tokens and one-time logins: made, used, taken back."""

import os
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from mesh_web.accounts.models import Account, OneTimeLogin, Token
from mesh_web.accounts.selectors import digest_of
from rest.contracts import Role

ONE_TIME_LOGIN_LIVES = timedelta(minutes=10)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,149}")
ADMIN = "admin"
ADMIN_TOKEN = "admin-token"  # noqa: S105  a file name


def first_start(now: datetime | None = None) -> str:
    """Make the admin account and its API token where they are missing; answers a fresh login word.

    The word goes into `/login/once/<word>`; the API token into MESHWEB_HOME/admin-token (0600).
    Safe to call at every start: accounts and a good token file stay, only the link is new. The
    admin's password is random and known to nobody; the link, or an administrator, sets one.
    """
    moment = now or timezone.now()
    with transaction.atomic():
        user, made = User.objects.get_or_create(username=ADMIN)
        if made:
            user.set_password(secrets.token_urlsafe(32))
            user.save(update_fields=["password"])
        Account.objects.get_or_create(user=user, defaults={"role": Role.ADMIN.value})
    _keep_admin_token(settings.HOME / ADMIN_TOKEN, moment)
    return create_one_time_login(user, moment)


def _keep_admin_token(path: Path, now: datetime) -> None:
    known = path.read_text().strip() if path.exists() else ""
    if known and Token.objects.filter(digest=digest_of(known), role=Role.ADMIN.value).exists():
        return
    word = create_token(name=ADMIN_TOKEN, role=Role.ADMIN, now=now)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(word + "\n")
    fresh.replace(path)


def create_token(
    *,
    name: str,
    role: Role,
    namespaces: Iterable[str] = (),
    lifetime: timedelta | None = None,
    now: datetime | None = None,
) -> str:
    """Make a bearer token and answer it: the only time that it is known."""
    moment = now or timezone.now()
    word = f"mw_{secrets.token_urlsafe(32)}"
    Token.objects.create(
        name=name,
        digest=digest_of(word),
        role=role.value,
        namespaces=sorted(set(namespaces)),
        created=moment,
        expires=None if lifetime is None else moment + lifetime,
    )
    return word


def delete_token(pk: int) -> bool:
    """Whether there was one."""
    deleted, _ = Token.objects.filter(pk=pk).delete()
    return deleted > 0


def create_one_time_login(user: User, now: datetime) -> str:
    """The word of a link that opens one session within ten minutes."""
    OneTimeLogin.objects.filter(expires__lte=now).delete()
    word = secrets.token_urlsafe(32)
    OneTimeLogin.objects.create(
        user=user, digest=digest_of(word), expires=now + ONE_TIME_LOGIN_LIVES
    )
    return word


def use_one_time_login(word: str, now: datetime) -> User | None:
    """Claim a link: its user the first time, None ever after, and once it has expired."""
    claimed = OneTimeLogin.objects.filter(
        digest=digest_of(word), used_at__isnull=True, expires__gt=now
    ).update(used_at=now)
    if not claimed:
        return None
    return OneTimeLogin.objects.select_related("user").get(digest=digest_of(word)).user


def create_account(
    *, username: str, password: str, role: Role, namespaces: Iterable[str] = ()
) -> Account:
    """A person who logs in; `fault_of_name` and `fault_of_password` say whether that can be.

    IntegrityError where someone else took the name meanwhile.
    """
    with transaction.atomic():
        user = User.objects.create_user(username=username, password=password)
        return Account.objects.create(
            user=user, role=role.value, namespaces=sorted(set(namespaces))
        )


def fault_of_name(name: str) -> str:
    """Why no account can have this name, as a sentence; "" if one can."""
    if not NAME.fullmatch(name):
        return (
            "A name begins with a letter, a digit or _, and has at most 150 of those and . @ + -."
        )
    if User.objects.filter(username=name).exists():
        return f"There is an account {name} already."
    return ""


def fault_of_password(name: str, password: str) -> str:
    """Why this password will not do, as a sentence; "" if it will."""
    try:
        validate_password(password, User(username=name))
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def set_password(name: str, password: str) -> User | None:
    """Whose it is now; None if there is no such account. Its sessions end."""
    user = User.objects.filter(username=name, account__isnull=False).first()
    if user is not None:
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def is_last_admin(name: str) -> bool:
    """Whether nobody could change accounts any more without this one."""
    admins = Account.objects.filter(role=Role.ADMIN.value, user__is_active=True)
    names = [one.user.username for one in admins.select_related("user") if not one.namespaces]
    return names == [name]


def delete_account(name: str) -> bool:
    """Whether there was one. Its sessions and links end with it."""
    deleted, _ = User.objects.filter(username=name, account__isnull=False).delete()
    return deleted > 0
