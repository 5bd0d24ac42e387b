"""Every answer in Prometheus's envelope."""

import logging
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import wraps

import orjson
from django.http import HttpRequest, HttpResponse

from metrics.promql.annotations import place
from metrics.promql.errors import Failure, QueryError, Reason
from rest.contracts import Principal, Refusal
from telemetry.facade import StoreAway, StoreError

log = logging.getLogger(__name__)

Authenticate = Callable[[HttpRequest], Principal | None]
View = Callable[..., HttpResponse]


class ErrorType(StrEnum):
    BAD_DATA = "bad_data"
    EXECUTION = "execution"
    TIMEOUT = "timeout"
    CANCELED = "canceled"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    NOT_FOUND = "not_found"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"


STATUSES = {
    ErrorType.BAD_DATA: 400,
    ErrorType.EXECUTION: 422,
    ErrorType.TIMEOUT: 503,
    ErrorType.CANCELED: 499,
    ErrorType.UNAVAILABLE: 503,
    ErrorType.INTERNAL: 500,
    ErrorType.NOT_FOUND: 404,
    ErrorType.UNAUTHORIZED: 401,
    ErrorType.FORBIDDEN: 403,
}


class ApiError(Exception):
    """Becomes an error answer. `position` (an offset in the query) and `hint` are ours."""

    def __init__(
        self, kind: ErrorType, message: str, position: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.position = position
        self.hint = hint


def bad_parameter(name: str, problem: object) -> ApiError:
    return ApiError(ErrorType.BAD_DATA, f'invalid parameter "{name}": {problem}')


def success(data: bytes, warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> HttpResponse:
    """`data` is JSON already."""
    parts = [b'{"status":"success","data":', data]
    for name, texts in ((b"warnings", warnings), (b"infos", infos)):
        if texts:
            parts += [b',"', name, b'":', orjson.dumps(list(texts))]
    return _json(b"".join([*parts, b"}"]), 200)


def plain(data: object, warnings: Sequence[str] = ()) -> HttpResponse:
    return success(orjson.dumps(data), warnings)


def failed(error: ApiError) -> HttpResponse:
    body: dict[str, object] = {
        "status": "error",
        "errorType": str(error.kind),
        "error": error.message,
    }
    if error.position is not None:
        body["position"] = error.position
    if error.hint:
        body["hint"] = error.hint
    response = _json(orjson.dumps(body), STATUSES[error.kind])
    if error.kind is ErrorType.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="Meshweb"'
    if error.kind is ErrorType.UNAVAILABLE:
        response.headers["Retry-After"] = "1"
    return response


def of_failure(failure: Failure, query: str, parameter: str = "query") -> ApiError:
    """In Prometheus's words, with line and column where they are known."""
    kind = ErrorType(failure.reason)
    if failure.reason is not Reason.BAD_DATA:
        return ApiError(kind, failure.message, failure.position, failure.hint)
    where = "" if failure.position is None else f"{place(query, failure.position)}: "
    words = f"{where}parse error: {failure.message}" if where else failure.message
    if failure.hint:
        words = f"{words} ({failure.hint})"
    message = f'invalid parameter "{parameter}": {words}'
    return ApiError(kind, message, failure.position, failure.hint)


def reading(
    authenticate: Authenticate, methods: Iterable[str] = ("GET",)
) -> Callable[[View], View]:
    """A view for whoever may read; all that goes wrong in it becomes an error answer."""
    allowed = (*methods, "HEAD")

    def wrap(view: View) -> View:
        @wraps(view, assigned=())
        def answered(request: HttpRequest, **words: str) -> HttpResponse:
            if request.method not in allowed:
                return HttpResponse(status=405, headers={"Allow": ", ".join(allowed)})
            try:
                known(request, authenticate)
                return view(request, **words)
            except ApiError as error:
                return failed(error)
            except QueryError as error:
                return failed(of_failure(error.failure, ""))
            except StoreAway as error:
                return failed(ApiError(ErrorType.UNAVAILABLE, str(error)))
            except StoreError as error:
                return failed(of_store(error))

        return answered

    return wrap


def known(request: HttpRequest, authenticate: Authenticate) -> Principal:
    try:
        caller = authenticate(request)
    except Refusal as refusal:
        raise ApiError(ErrorType.FORBIDDEN, refusal.message) from None
    if caller is None:
        message = "log in, or send a bearer token (or the token as the password of basic auth)"
        raise ApiError(ErrorType.UNAUTHORIZED, message)
    return caller


def of_store(error: StoreError) -> ApiError:
    if error.missing_table:
        return ApiError(ErrorType.UNAVAILABLE, "the store has no schema yet")
    log.warning("the store refused a query: %s", str(error)[:500])
    message = f"the store could not answer: {str(error).splitlines()[0][:300]}"
    return ApiError(ErrorType.EXECUTION, message)


def _json(body: bytes, status: int) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)
