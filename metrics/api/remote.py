"""`read` (remote read: samples of selectors) and `write` (handed to the collector)."""

import http.client
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from google.protobuf.message import DecodeError

from metrics.api.envelope import ApiError, Authenticate, ErrorType, known
from metrics.api.parameters import DEFAULT_TIMEOUT, accepts_nothing, check_pattern
from metrics.api.query import departure, turn
from metrics.promql.ast import Matcher, MatchKind
from metrics.promql.series import Batch
from metrics.selectors import engine
from telemetry.prompb import Label, ReadRequest, ReadResponse
from telemetry.snappy import BadBlock, packed, unpacked

REQUEST_BYTES = 1 << 20
WRITE_SECONDS = 30
_KINDS = (MatchKind.EQUAL, MatchKind.NOT_EQUAL, MatchKind.REGEX, MatchKind.NOT_REGEX)
_PASSED_ON = ("Content-Type", "Content-Encoding", "X-Prometheus-Remote-Write-Version")
_PASSED_BACK = (
    "Retry-After",
    "X-Prometheus-Remote-Write-Samples-Written",
    "X-Prometheus-Remote-Write-Histograms-Written",
    "X-Prometheus-Remote-Write-Exemplars-Written",
)


def read(request: HttpRequest) -> HttpResponse:
    """Answers with SAMPLES, which every client of remote read takes."""
    asked = _asked(request)
    gone = departure(request)
    answer: Any = ReadResponse()
    with turn(DEFAULT_TIMEOUT, gone) as (left, _):
        source = engine(left, gone).source
        for query in asked.queries:
            matchers = tuple(map(_matcher, query.matchers))
            if all(map(accepts_nothing, matchers)):
                raise ApiError(ErrorType.BAD_DATA, "a query needs one non-empty matcher")
            batch = source.select(matchers, query.start_timestamp_ms - 1, query.end_timestamp_ms)
            _fill(answer.results.add(), batch)
        body = packed(answer.SerializeToString())
    response = HttpResponse(body, content_type="application/x-protobuf")
    response.headers["Content-Encoding"] = "snappy"
    return response


def _asked(request: HttpRequest) -> Any:
    asked: Any = ReadRequest()
    try:
        asked.ParseFromString(unpacked(request.body, REQUEST_BYTES))
    except (BadBlock, DecodeError, RuntimeError) as error:
        raise ApiError(ErrorType.BAD_DATA, f"no read request: {error}") from None
    return asked


def _matcher(given: Any) -> Matcher:
    if not 0 <= given.type < len(_KINDS):
        raise ApiError(ErrorType.BAD_DATA, f"unknown kind of matcher {given.type}")
    kind = _KINDS[given.type]
    if kind in {MatchKind.REGEX, MatchKind.NOT_REGEX}:
        check_pattern(given.value, "matchers")
    return Matcher(kind, given.name, given.value)


def _fill(result: Any, batch: Batch) -> None:
    """Series in the order of their labels, as readers merge them."""
    starts = batch.starts.tolist()
    for row in sorted(range(len(batch.labels)), key=lambda i: batch.labels[i]):
        series = result.timeseries.add()
        series.labels.extend(
            Label(name=name.encode(), value=value.encode()) for name, value in batch.labels[row]
        )
        times = batch.times[starts[row] : starts[row + 1]].tolist()
        values = batch.values[starts[row] : starts[row + 1]].tolist()
        for time, value in zip(times, values, strict=True):
            series.samples.add(timestamp=time, value=value)


def write(request: HttpRequest, authenticate: Authenticate) -> HttpResponse:
    """Only for callers who may change the whole mesh: samples are of no namespace."""
    caller = known(request, authenticate)
    if not caller.may_write(""):
        raise ApiError(ErrorType.FORBIDDEN, f"{caller.name} may not write samples")
    headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
    if settings.INGEST_TOKEN:
        headers["Authorization"] = f"Bearer {settings.INGEST_TOKEN}"
    host = settings.COLLECTOR_ADDRESS.rpartition(":")[0]
    connection = http.client.HTTPConnection(host, settings.OTLP_HTTP_PORT, timeout=WRITE_SECONDS)
    try:
        connection.request("POST", "/api/v1/write", request.body, headers)
        answer = connection.getresponse()
        back = {name: value for name in _PASSED_BACK if (value := answer.getheader(name))}
        return HttpResponse(
            answer.read(), status=answer.status, content_type="text/plain", headers=back
        )
    except (OSError, http.client.HTTPException) as error:
        message = f"the collector does not answer: {error}"
        raise ApiError(ErrorType.UNAVAILABLE, message) from None
    finally:
        connection.close()
