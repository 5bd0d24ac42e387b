"""Jaeger's two HTTP APIs, read from our store.

v1 (`/jaeger/api/...`) is what Jaeger's own interface and Grafana speak; v3 (`/jaeger/api/v3/...`)
answers OTLP. https://www.jaegertracing.io/docs/latest/apis/
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError

from rest.contracts import Refusal
from telemetry.ingest.decode import Malformed
from tracing import selectors
from tracing.analysis.tree import arrange
from tracing.asking import asked
from tracing.contracts import Span
from tracing.dependencies import dependencies
from tracing.jaeger import otlp_json, ui_json
from tracing.jaeger.metrics import (
    CALLS,
    ERRORS,
    LATENCIES,
    Family,
    asked_performance,
    document,
)
from tracing.jaeger.search import BadParameter, search_v1, search_v3
from tracing.jaeger.transform import spans_of_otlp_json
from tracing.performance import COUNTED_NS, performance, rates

router = Router()

View = Callable[..., JsonResponse]

_DAY_NS = 86_400 * 10**9
_SERVICES_NS = 7 * _DAY_NS
MAX_IDS = 100
MS = 1_000_000


def handle_errors(api: NinjaAPI) -> None:
    """Refusals in Jaeger's own words, for v1 and v3 each."""

    @api.exception_handler(AuthenticationError)
    def stranger(request: HttpRequest, _given: AuthenticationError) -> JsonResponse:
        return _refused(request, 401, "log in, or send a bearer token")

    @api.exception_handler(BadParameter)
    def bad(request: HttpRequest, given: BadParameter) -> JsonResponse:
        return _refused(request, 400, given.message)

    @api.exception_handler(Refusal)
    def refusal(request: HttpRequest, given: Refusal) -> JsonResponse:
        return _refused(request, 400 if given.status == 422 else given.status, given.message)


def _refused(request: HttpRequest, status: int, message: str) -> JsonResponse:
    if "/api/v3/" in request.path:
        return JsonResponse({"error": {"httpCode": status, "message": message}}, status=status)
    return JsonResponse(ui_json.refusal(status, message), status=status)


def _v1(view: Callable[..., Any]) -> View:
    """What the view finds, in Jaeger's envelope."""

    @wraps(view)
    def answered(request: HttpRequest, **path: str) -> JsonResponse:
        data = view(request, **path)
        total = len(data) if isinstance(data, list) else 0
        return JsonResponse(ui_json.answer(data, total=total))

    return answered


@router.get("/api/services")
@_v1
def services(request: HttpRequest) -> list[str]:  # noqa: ARG001
    """Names of everything that sent spans within a week."""
    return _service_names()


@router.get("/api/services/{path:service}/operations")
@_v1
def operation_names(request: HttpRequest, service: str) -> list[str]:  # noqa: ARG001
    """Names of one service's spans."""
    return sorted({name for name, _ in _operations(service, "")})


@router.get("/api/operations")
@_v1
def operations(request: HttpRequest) -> list[dict[str, str]]:
    """The same with their kinds."""
    service = request.GET.get("service", "")
    if not service:
        raise BadParameter("parameter 'service' is required")
    kind = request.GET.get("spanKind", "")
    return [{"name": name, "spanKind": found} for name, found in _operations(service, kind)]


@router.get("/api/traces")
@_v1
def find_traces(request: HttpRequest) -> list[dict[str, Any]]:
    """Whole traces, newest first; or those of `traceID`."""
    ids = request.GET.getlist("traceID")
    if ids:
        spans = _spans([_trace_id(text) for text in ids[:MAX_IDS]])
    else:
        query = search_v1(request.GET)
        found = asked(lambda store: selectors.search(store, query)).traces
        spans = _spans([one.trace_id for one in found])
    return [ui_json.trace(trace_id, listed) for trace_id, listed in spans.items()]


@router.get("/api/traces/{trace_id}")
@_v1
def get_trace(request: HttpRequest, trace_id: str) -> list[dict[str, Any]]:  # noqa: ARG001
    """One trace, as a list of one."""
    return [ui_json.trace(found, spans) for found, spans in _one(trace_id).items()]


@router.get("/api/dependencies")
@_v1
def get_dependencies(request: HttpRequest) -> list[dict[str, Any]]:
    """Calls between services; `endTs` and `lookback` in milliseconds."""
    end = _number(request, "endTs", time.time_ns() // MS)
    lookback = _number(request, "lookback", _DAY_NS // MS)
    found = asked(
        lambda store: dependencies(store, start_ns=(end - lookback) * MS, end_ns=end * MS)
    )
    return [{"parent": d.parent, "child": d.child, "callCount": d.calls} for d in found]


@router.post("/api/transform")
@_v1
def transform(request: HttpRequest) -> list[dict[str, Any]]:
    """OTLP JSON to the JSON of Jaeger's interface; nothing is stored."""
    spans = spans_of_otlp_json(request.body)
    if isinstance(spans, Malformed):
        raise BadParameter(f"cannot unmarshal OTLP: {spans.reason}")
    return ui_json.traces(spans)


@router.get("/api/metrics/latencies")
def latencies(request: HttpRequest) -> JsonResponse:
    """Durations at a quantile, in milliseconds."""
    return _metrics(request, LATENCIES)


@router.get("/api/metrics/calls")
def call_rates(request: HttpRequest) -> JsonResponse:
    """Calls per second."""
    return _metrics(request, CALLS)


@router.get("/api/metrics/errors")
def error_rates(request: HttpRequest) -> JsonResponse:
    """The share of calls that failed."""
    return _metrics(request, ERRORS)


@router.get("/api/metrics/minstep")
@_v1
def smallest_step(request: HttpRequest) -> int:  # noqa: ARG001
    """Milliseconds between two points of a metric, at least."""
    return COUNTED_NS // MS


@router.get("/api/v3/services")
def services_v3(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Names of everything that sent spans within a week."""
    return JsonResponse({"services": _service_names()})


@router.get("/api/v3/operations")
def operations_v3(request: HttpRequest) -> JsonResponse:
    """One service's operations and their kinds."""
    service = request.GET.get("service", "")
    if not service:
        raise BadParameter("malformed parameter service: it is required")
    found = _operations(service, request.GET.get("span_kind", ""))
    return JsonResponse({"operations": [{"name": n, "spanKind": kind} for n, kind in found]})


@router.get("/api/v3/traces")
def find_traces_v3(request: HttpRequest) -> JsonResponse:
    """Whole traces as OTLP."""
    query = search_v3(request.GET)
    found = asked(lambda store: selectors.search(store, query)).traces
    spans = _spans([one.trace_id for one in found])
    if not spans:
        raise Refusal(404, "not_found", "No traces found")
    return _otlp(spans)


@router.get("/api/v3/traces/{trace_id}")
def get_trace_v3(request: HttpRequest, trace_id: str) -> JsonResponse:  # noqa: ARG001
    """One trace as OTLP."""
    return _otlp(_one(trace_id))


def _otlp(spans: dict[str, list[Span]]) -> JsonResponse:
    groups = [otlp_json.traces_data(listed)["resourceSpans"] for listed in spans.values()]
    return JsonResponse({"result": {"resourceSpans": [one for group in groups for one in group]}})


def _one(text: str) -> dict[str, list[Span]]:
    found = _spans([_trace_id(text)])
    if not found:
        raise Refusal(404, "not_found", "trace not found")
    return found


def _spans(ids: list[str]) -> dict[str, list[Span]]:
    """Of each trace in the order of `ids`; parents first, as Jaeger's interface likes them."""
    found = asked(lambda store: selectors.spans_of(store, ids))
    return {one: [placed.span for placed in arrange(found[one])] for one in ids if one in found}


def _trace_id(text: str) -> str:
    """Ids may be sent without their leading zeros."""
    try:
        number = int(text, 16)
    except ValueError:
        number = 0
    if not 0 < number < 1 << 128 or not text.isalnum():
        raise BadParameter(f"malformed parameter trace_id: {text[:40]!r}")
    return f"{number:032x}"


def _service_names() -> list[str]:
    now = time.time_ns()
    found = asked(
        lambda store: selectors.services(store, start_ns=now - _SERVICES_NS, end_ns=now + _DAY_NS)
    )
    return sorted({name for _, name, _ in found})


def _operations(service: str, kind: str) -> tuple[tuple[str, str], ...]:
    now = time.time_ns()
    return asked(
        lambda store: selectors.operations(
            store, service, kind, start_ns=now - _SERVICES_NS, end_ns=now + _DAY_NS
        )
    )


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 14:
        raise BadParameter(f"unable to parse param '{name}': {text[:40]!r} is no number")
    return int(text)


def _metrics(request: HttpRequest, family: Family) -> JsonResponse:
    wanted = asked_performance(request.GET, quantile=family is LATENCIES)
    points = asked(lambda store: (performance if family is LATENCIES else rates)(store, wanted))
    return JsonResponse(document(family, wanted, points))
