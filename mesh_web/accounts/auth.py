"""How a request says who makes it: a bearer token, or the browser's session with CSRF."""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import APIKeyCookie, HttpBasicAuth, HttpBearer
from ninja.utils import check_csrf

from mesh_web.accounts.principals import Caller
from mesh_web.accounts.selectors import caller_of_token, caller_of_user
from rest.contracts import Refusal


class BearerToken(HttpBearer):
    """`Authorization: Bearer mw_...`."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        del request
        return caller_of_token(token, timezone.now())


class BasicToken(HttpBasicAuth):
    """The token as the password, for clients that know no bearer tokens; the name is not looked at."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> Caller | None:
        del request, username
        return caller_of_token(password, timezone.now())


class BrowserSession(APIKeyCookie):
    """The session cookie; writes also need the `X-CSRFToken` header and a good Origin."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=True)

    def __call__(self, request: HttpRequest) -> Caller | None:
        """Strangers are told to log in before anything is said about CSRF."""
        caller = self.authenticate(request, request.COOKIES.get(self.param_name))
        if caller is not None and check_csrf(request) is not None:
            raise Refusal(403, "csrf", "Send the X-CSRFToken that GET /session answers.")
        return caller

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return None if key is None else caller_of_user(request.user)


AUTH = (BearerToken(), BrowserSession())


CLIENT_AUTH = (BearerToken(), BasicToken(), BrowserSession())


def caller_of(request: HttpRequest) -> Caller | None:
    """Who reads something outside the REST API."""
    return _first_known(AUTH, request)


def caller_of_client(request: HttpRequest) -> Caller | None:
    """Who speaks another product's API, in the ways its clients can. Raises Refusal (CSRF)."""
    return _first_known(CLIENT_AUTH, request)


def _first_known(
    ways: Iterable[Callable[[HttpRequest], Caller | None]], request: HttpRequest
) -> Caller | None:
    for way in ways:
        caller = way(request)
        if caller is not None:
            return caller
    return None
