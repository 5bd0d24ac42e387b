"""Coming in and going out; tokens, for administrators."""

from datetime import timedelta
from typing import Annotated

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.utils import timezone
from django.views.decorators.http import require_GET
from ninja import Field, Path, Query, Router, Schema, Status

from mesh_web.accounts import services
from mesh_web.accounts.models import Token
from mesh_web.accounts.principals import Caller
from mesh_web.accounts.selectors import accounts, caller_of_user
from mesh_web.audit.services import Failures, decide_login, failed_logins, record
from rest.access import principal, require_admin
from rest.contracts import Refusal, Role
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS

router = Router(tags=["accounts"])

NAMESPACE = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
ACCOUNT_NAME = services.NAME.pattern
TEXT = r"^[^\x00-\x1f\x7f]+$"
MOST_FAILURES = Failures(of_name_from_address=10, of_name=100, from_address=50)
"""Of a name: many, for strangers must not lock its owner out easily."""


class SessionOut(Schema):
    """`csrf` goes into the X-CSRFToken header of a browser's writes."""

    user: str
    role: Role
    csrf: str


class LoginIn(Schema):
    username: str = Field(..., min_length=1, max_length=150, pattern=TEXT)
    password: str = Field(..., min_length=1, max_length=1024)


class Done(Schema):
    """It is done; there is nothing more to say."""

    ok: bool = True


@router.get("/session", response={200: SessionOut, **ERRORS})
def get_session(request: HttpRequest) -> SessionOut:
    """Who I am."""
    caller = principal(request)
    role = caller.role if isinstance(caller, Caller) else Role.VIEWER
    return SessionOut(user=caller.name, role=role, csrf=get_token(request))


@router.post("/login", auth=None, response={200: SessionOut, **ERRORS})
def log_in(request: HttpRequest, given: LoginIn) -> SessionOut:
    """Open a session with a name and a password."""
    now = timezone.now()
    address = request.META.get("REMOTE_ADDR", "")
    _refuse_guesses(failed_logins(given.username, address, now), pending=0)
    # before the slow look at the password, so that guesses made at the same time count each other
    attempt = record(given.username, "login", request.path, 401, address, now)
    try:
        _refuse_guesses(failed_logins(given.username, address, now), pending=1)
    except Refusal as refusal:
        decide_login(attempt, refusal.status)
        raise
    user = authenticate(request, username=given.username, password=given.password)
    caller = None if user is None else caller_of_user(user)
    if user is None or caller is None:
        raise Refusal(401, "unauthenticated", "The name or the password is wrong.")
    decide_login(attempt, 200)
    login(request, user)
    return SessionOut(user=caller.name, role=caller.role, csrf=get_token(request))


def _refuse_guesses(failures: Failures, pending: int) -> None:
    """`pending`: how many of the failures are this attempt itself."""
    if (
        failures.of_name_from_address - pending >= MOST_FAILURES.of_name_from_address
        or failures.of_name - pending >= MOST_FAILURES.of_name
        or failures.from_address - pending >= MOST_FAILURES.from_address
    ):
        raise Refusal(429, "too_many_requests", "Too many failed logins; wait a few minutes.")


@router.post("/logout", response={200: Done, **ERRORS})
def log_out(request: HttpRequest) -> Done:
    """Close the session."""
    logout(request)
    return Done()


@require_GET  # a HEAD request, as of a link preview, must not use it up
def log_in_once(request: HttpRequest, word: str) -> HttpResponse:
    """`GET /login/once/<word>`: open a session with a one-time link and go to the graph."""
    now = timezone.now()
    user = services.use_one_time_login(word, now)
    address = request.META.get("REMOTE_ADDR", "")
    name = "" if user is None else user.get_username()
    record(name, "login once", "/login/once", 302 if user else 403, address, now)
    if user is None:
        return HttpResponse(
            "This link has been used or has expired. `meshweb up` prints a new one.",
            status=403,
            content_type="text/plain",
        )
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponseRedirect("/")


class AccountOut(Schema):
    name: str
    role: Role
    namespaces: list[str]


class PasswordIn(Schema):
    """At least 12 characters."""

    password: str = Field(..., min_length=12, max_length=1024)


class AccountIn(PasswordIn):
    """`namespaces` empty: not bound."""

    name: str = Field(..., pattern=f"^{ACCOUNT_NAME}$", max_length=150)
    role: Role
    namespaces: list[Annotated[str, Field(pattern=NAMESPACE)]] = Field([], max_length=100)


AccountName = Annotated[str, Path(pattern=f"^{ACCOUNT_NAME}$", max_length=150)]


@router.get("/accounts", response={200: Page[AccountOut], **ERRORS})
def list_accounts(request: HttpRequest, query: Query[PageQuery]) -> Page[AccountOut]:
    """People who may log in."""
    require_admin(request)
    rows = page_of(accounts(), query, lambda one: one.name)
    return Page(items=[_account_out(one) for one in rows.items], next=rows.next)


@router.post("/accounts", response={201: AccountOut, **ERRORS})
def create_account(request: HttpRequest, given: AccountIn) -> Status[AccountOut]:
    """Let a person log in."""
    require_admin(request)
    if fault := services.fault_of_name(given.name):
        raise Refusal(409, "name_taken", fault, path="body.given.name")
    _require_good_password(given.name, given.password)
    try:
        services.create_account(
            username=given.name,
            password=given.password,
            role=given.role,
            namespaces=given.namespaces,
        )
    except IntegrityError as error:
        raise Refusal(409, "name_taken", f"There is an account {given.name} already.") from error
    made = AccountOut(name=given.name, role=given.role, namespaces=sorted(set(given.namespaces)))
    return Status(201, made)


@router.put("/accounts/{name}/password", response={200: Done, **ERRORS})
def set_password(request: HttpRequest, name: AccountName, given: PasswordIn) -> Done:
    """Give an account another password; its sessions end, but for the one that asks for it."""
    require_admin(request)
    _require_good_password(name, given.password)
    user = services.set_password(name, given.password)
    if user is None:
        raise Refusal(404, "not_found", f"There is no account {name}.")
    if request.user == user:
        update_session_auth_hash(request, user)
    return Done()


@router.delete("/accounts/{name}", response={200: Done, **ERRORS})
def delete_account(request: HttpRequest, name: AccountName) -> Done:
    """Take an account away, and its sessions; the last administrator stays."""
    require_admin(request)
    if services.is_last_admin(name):
        raise Refusal(409, "last_admin", f"{name} is the last administrator; make another first.")
    if not services.delete_account(name):
        raise Refusal(404, "not_found", f"There is no account {name}.")
    return Done()


def _require_good_password(name: str, password: str) -> None:
    if fault := services.fault_of_password(name, password):
        raise Refusal(422, "password", fault, path="body.given.password")


def _account_out(caller: Caller) -> AccountOut:
    return AccountOut(name=caller.name, role=caller.role, namespaces=list(caller.namespaces))


class TokenOut(Schema):
    id: int
    name: str
    role: Role
    namespaces: list[str]
    created: str
    expires: str | None
    last_used: str | None


class TokenIn(Schema):
    """`namespaces` empty: not bound. `lifetime_days` null: it never expires."""

    name: str = Field(..., min_length=1, max_length=150, pattern=TEXT)
    role: Role
    namespaces: list[str] = Field([], max_length=100)
    lifetime_days: int | None = Field(None, ge=1, le=3650)


class NewTokenOut(Schema):
    """`token` is shown this once."""

    token: str


@router.get("/tokens", response={200: Page[TokenOut], **ERRORS})
def list_tokens(request: HttpRequest, query: Query[PageQuery]) -> Page[TokenOut]:
    """Tokens, without their words."""
    require_admin(request)
    rows = page_of(Token.objects.all(), query, lambda row: f"{row.pk:015d}")
    return Page(items=[_token_out(row) for row in rows.items], next=rows.next)


@router.post("/tokens", response={201: NewTokenOut, **ERRORS})
def create_token(request: HttpRequest, given: TokenIn) -> Status[NewTokenOut]:
    """Make a token."""
    require_admin(request)
    days = given.lifetime_days
    word = services.create_token(
        name=given.name,
        role=given.role,
        namespaces=given.namespaces,
        lifetime=None if days is None else timedelta(days=days),
    )
    return Status(201, NewTokenOut(token=word))


@router.delete("/tokens/{token_id}", response={200: Done, **ERRORS})
def delete_token(request: HttpRequest, token_id: int) -> Done:
    """Take a token back, at once."""
    require_admin(request)
    if not services.delete_token(token_id):
        raise Refusal(404, "not_found", f"There is no token {token_id}.")
    return Done()


def _token_out(row: Token) -> TokenOut:
    return TokenOut(
        id=row.pk,
        name=row.name,
        role=Role(row.role),
        namespaces=row.namespaces,
        created=row.created.isoformat(),
        expires=row.expires.isoformat() if row.expires else None,
        last_used=row.last_used.isoformat() if row.last_used else None,
    )
