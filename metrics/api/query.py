"""`query`, `query_range`, `query_exemplars`, `format_query`, `parse_query`."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import orjson
import promql_parser as rust
from django.http import HttpRequest, HttpResponse

from metrics.api import encode, syntax
from metrics.api.envelope import (
    ApiError,
    ErrorType,
    bad_parameter,
    of_failure,
    plain,
    success,
)
from metrics.api.parameters import Parameters, required
from metrics.promql import ast
from metrics.promql.annotations import Level
from metrics.promql.engine import Answer, Engine
from metrics.promql.errors import Failure, QueryError
from metrics.promql.evaluate import Options
from metrics.promql.limits import never
from metrics.promql.parse import parse
from metrics.selectors import engine
from metrics.store import exemplars

CONCURRENT_QUERIES = 4
"""That are evaluated at the same time; more wait their turn."""
TRUNCATED = "results truncated due to limit"
GONE = "meshweb.gone"
"""Where the server keeps, in a request's ASGI scope, the event that its client has left."""
_turns = threading.BoundedSemaphore(CONCURRENT_QUERIES)


@dataclass(frozen=True, slots=True)
class Clocked:
    """Seconds waited for a turn, and evaluated."""

    waited: float
    evaluated: float


def instant(request: HttpRequest) -> HttpResponse:
    parameters = Parameters.of(request)
    at = parameters.moment("time", round(time.time() * 1000))
    query = parameters.text("query")
    return _answered(
        request, parameters, lambda run, gone: run.instant(query, at, gone), ranged=False
    )


def ranged(request: HttpRequest) -> HttpResponse:
    parameters = Parameters.of(request)
    start, end = parameters.moment("start"), parameters.moment("end")
    if end < start:
        raise bad_parameter("end", "end timestamp must not be before start time")
    step = parameters.duration("step")
    if step <= 0:
        raise bad_parameter(
            "step",
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        )
    query = parameters.text("query")
    return _answered(
        request, parameters, lambda run, gone: run.range(query, start, end, step, gone), ranged=True
    )


def _answered(
    request: HttpRequest,
    parameters: Parameters,
    ask: Callable[[Engine, Callable[[], bool]], Answer | Failure],
    *,
    ranged: bool,
) -> HttpResponse:
    limit = parameters.count("limit")
    lookback = parameters.duration("lookback_delta", Options().lookback_ms)
    gone = departure(request)
    with turn(parameters.timeout(), gone) as (left, waited):
        run = engine(left, gone)
        run = replace(run, options=replace(run.options, lookback_ms=lookback))
        began = time.perf_counter()
        found = ask(run, gone)
        clocked = Clocked(waited, time.perf_counter() - began)
        if isinstance(found, Failure):
            raise _refused(found, parameters.text("query"))
        body, cut = encode.data(found, ranged=ranged, limit=limit)
    notes = {level: [str(n) for n in found.annotations if n.level is level] for level in Level}
    warnings = [*notes[Level.WARNING], *([TRUNCATED] if cut else [])]
    counted = _stats(found, clocked, parameters.text("stats"))
    return success(body + counted + b"}", warnings, notes[Level.INFO])


def _refused(failure: Failure, query: str) -> ApiError:
    """Too many steps is said without naming a parameter."""
    if failure.limit == "steps":
        return ApiError(ErrorType.BAD_DATA, failure.message)
    return of_failure(failure, query)


@contextmanager
def turn(seconds: float, gone: Callable[[], bool]) -> Iterator[tuple[float, float]]:
    """Wait for a turn; gives the seconds left, and those waited."""
    began = time.monotonic()
    while not _turns.acquire(timeout=0.1):
        if gone():
            raise ApiError(ErrorType.CANCELED, "query was canceled in query queue")
        if time.monotonic() - began > seconds:
            raise ApiError(ErrorType.TIMEOUT, "query timed out in query queue")
    try:
        waited = time.monotonic() - began
        yield seconds - waited, waited
    finally:
        _turns.release()


def departure(request: HttpRequest) -> Callable[[], bool]:
    """Tells whether the client has left."""
    scope: Mapping[str, object] = request.META.get("asgi.scope", {})
    event = scope.get(GONE)
    return event.is_set if isinstance(event, threading.Event) else never


def _stats(answer: Answer, clocked: Clocked, asked: str) -> bytes:
    if not asked:
        return b""
    evaluated = clocked.evaluated
    timings = {
        "evalTotalTime": evaluated,
        "resultSortTime": 0,
        "queryPreparationTime": 0,
        "innerEvalTime": evaluated,
        "execQueueTime": clocked.waited,
        "execTotalTime": evaluated + clocked.waited,
    }
    samples = {"totalQueryableSamples": answer.samples, "peakSamples": answer.samples}
    return b',"stats":' + orjson.dumps({"timings": timings, "samples": samples})


def format_query(request: HttpRequest) -> HttpResponse:
    query = required(Parameters.of(request), "query")
    _parsed(query)
    try:
        return plain(rust.parse(query).prettify())
    except ValueError:  # arithmetic in durations, which only our own reader knows
        return plain(query.strip())


def parse_query(request: HttpRequest) -> HttpResponse:
    return plain(syntax.tree(_parsed(required(Parameters.of(request), "query"))))


def _parsed(query: str) -> ast.Expression:
    try:
        return parse(query)
    except QueryError as error:
        raise of_failure(error.failure, query) from None


def query_exemplars(request: HttpRequest) -> HttpResponse:
    """Of the series that the query's selectors match."""
    parameters = Parameters.of(request)
    start, end = parameters.moment("start"), parameters.moment("end")
    if end < start:
        raise bad_parameter("end", "end timestamp must not be before start timestamp")
    matchers = [node.matchers for node in _selectors(_parsed(required(parameters, "query")))]
    if not matchers:
        return plain([])
    run = engine(parameters.timeout(), departure(request))
    found = exemplars.read(run.source.asking, matchers, start, end)
    return plain(
        [
            {
                "seriesLabels": dict(labels),
                "exemplars": [
                    {
                        "labels": one.labels,
                        "value": encode.number(one.value),
                        "timestamp": one.time_ms / 1000,
                    }
                    for one in some
                ],
            }
            for labels, some in found.items()
        ]
    )


def _selectors(node: ast.Expression) -> Iterator[ast.Selector]:
    if isinstance(node, ast.Selector):
        yield node
    for part in ast.parts(node):
        yield from _selectors(part)
