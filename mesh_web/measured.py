"""How long each request took, by its route: a number for /metrics and the store."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from telemetry.own.measures import REQUESTS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def measured(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """The outermost middleware: what others refuse is counted, too."""

    def answered(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(
            method, (match.route or "") if match else "", str(response.status_code)
        ).observe(time.perf_counter() - began)
        return response

    return answered
