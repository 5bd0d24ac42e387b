"""Which pages may open a live socket: this server's own, and those that are configured.

Browsers send the session's cookie to every port of a host, so a page of another server on the same
host must not get in with it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]


def own_pages_only(application: Asgi) -> Asgi:
    """The application, with an answer of 403 to the pages of other servers."""

    async def guarded(scope: Scope, receive: Any, send: Any) -> None:
        welcome = may_open(scope, settings.ALLOWED_HOSTS, settings.ALLOWED_ORIGINS)
        await (application if welcome else WebsocketDenier())(scope, receive, send)

    return guarded


def may_open(scope: Scope, hosts: list[str], origins: list[str]) -> bool:
    """Whether the page's host and port are those that it asks, or its origin is one of `origins`.

    The asked host must be one of `hosts`, too: a foreign name may resolve to this server.
    """
    origin, host = _only(scope, b"origin"), _only(scope, b"host")
    if origin in origins:
        return True
    if not validate_host(split_domain_port(host)[0], hosts):
        return False
    # a proxy may have ended TLS, so a page of https may come here as plain text; never the reverse
    schemes = ("https",) if scope.get("scheme") == "wss" else ("http", "https")
    return origin in {f"{scheme}://{host}" for scheme in schemes}


def _only(scope: Scope, name: bytes) -> str:
    """The value of a header that is there exactly once, else nothing."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin1").lower() if len(values) == 1 else ""
