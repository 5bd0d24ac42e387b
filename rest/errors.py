"""Every refusal in the one error shape, whoever decided it."""

import logging
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, ValidationError

from rest.contracts import Refusal
from rest.shapes import ErrorOut, FindingOut

log = logging.getLogger(__name__)

CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}


def error(status: int, message: str, *, code: str = "", path: str = "") -> ErrorOut:
    return ErrorOut(code=code or CODES.get(status, "error"), message=message, path=path)


DISK_FULL = (
    "The disk of the configuration database is full: nothing was changed. Make room on it, then try"
    " again; proxies keep what they have."
)


def disk_full(given: OperationalError) -> bool:
    """As SQLite and PostgreSQL (SQLSTATE 53100) say it."""
    text = str(given)
    state = getattr(given.__cause__, "sqlstate", "")
    return "disk is full" in text or state == "53100" or "No space left on device" in text


def handle_errors(api: NinjaAPI) -> None:
    """Answer everything that goes wrong in a view with an `ErrorOut`."""

    def answer(request: HttpRequest, status: int, body: ErrorOut) -> HttpResponse:
        return api.create_response(request, body.model_dump(mode="json"), status=status)

    @api.exception_handler(Refusal)
    def refusal(request: HttpRequest, given: Refusal) -> HttpResponse:
        body = ErrorOut(
            code=given.code,
            message=given.message,
            path=given.path,
            findings=[FindingOut.of(one) for one in given.findings],
        )
        return answer(request, given.status, body)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, given: ValidationError) -> HttpResponse:
        return answer(request, 422, _invalid(given.errors))

    @api.exception_handler(AuthenticationError)
    def stranger(request: HttpRequest, _given: AuthenticationError) -> HttpResponse:
        return answer(request, 401, error(401, "Log in, or send a bearer token."))

    @api.exception_handler(AuthorizationError)
    @api.exception_handler(PermissionDenied)
    def forbidden(request: HttpRequest, given: Exception) -> HttpResponse:
        return answer(request, 403, error(403, str(given) or "This is not allowed."))

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, given: HttpError) -> HttpResponse:
        return answer(request, given.status_code, error(given.status_code, given.message))

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, given: Http404) -> HttpResponse:
        return answer(request, 404, error(404, str(given) or "There is nothing here."))

    @api.exception_handler(RequestDataTooBig)
    def too_large(request: HttpRequest, _given: RequestDataTooBig) -> HttpResponse:
        return answer(request, 413, error(413, "The request is too large."))

    @api.exception_handler(OperationalError)
    def unavailable(request: HttpRequest, given: OperationalError) -> HttpResponse:
        log.warning("the database did not answer: %s", given)
        if disk_full(given):
            return answer(request, 503, error(503, DISK_FULL, code="disk_full"))
        return answer(request, 503, error(503, "The database does not answer; try again."))

    @api.exception_handler(Exception)
    def bug(request: HttpRequest, given: Exception) -> HttpResponse:
        log.error("%s %s failed", request.method, request.path, exc_info=given)
        return answer(request, 500, error(500, "This is a bug; it was logged."))


def _invalid(errors: Iterable[dict[str, Any]]) -> ErrorOut:
    """Pydantic's first complaint, with the path inside the body, query or path."""
    first = next(iter(errors), {"loc": (), "msg": "invalid"})
    where = [str(part) for part in first.get("loc", ())]
    return error(422, str(first.get("msg", "invalid")), path=".".join(where))
