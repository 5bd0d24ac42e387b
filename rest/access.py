"""What a view asks of whoever calls it."""

from typing import cast

from django.http import HttpRequest

from rest.contracts import Principal, Refusal

ROOT_NAMESPACE = "istio-system"


def principal(request: HttpRequest) -> Principal:
    """Who makes an authenticated request."""
    return cast("Principal", request.auth)  # type: ignore[attr-defined]


def require_write(request: HttpRequest, namespace: str) -> Principal:
    """Refuse (403) who may not change resources of `namespace` ("" is the whole mesh)."""
    who = principal(request)
    if not who.may_write(namespace):
        where = f"namespace {namespace}" if namespace else "the whole mesh"
        raise Refusal(403, "forbidden", f"{who.name} may not change {where}.")
    return who


def require_some_write(request: HttpRequest) -> Principal:
    """Refuse (403) who may change nothing at all, before the body is read."""
    who = principal(request)
    if not who.may_write_something():
        raise Refusal(403, "forbidden", f"{who.name} may not change anything.")
    return who


def require_admin(request: HttpRequest) -> Principal:
    """Refuse (403) who may not change accounts."""
    who = principal(request)
    if not who.is_admin():
        raise Refusal(403, "forbidden", f"{who.name} is not an administrator.")
    return who
