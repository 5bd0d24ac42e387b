"""Every write over REST leaves a line in the audit trail."""

import logging
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mesh_web.audit.services import record

log = logging.getLogger(__name__)

READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
RECORDED_ELSEWHERE = "/api/v1/login"
"""Logins record the name that was tried."""
QUESTION = "/api/v1/explain"
"""Asks in its body, and changes nothing."""


def audit(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    def recorded(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        caller = getattr(request, "auth", None)
        if caller is not None and _is_write(request):
            try:
                record(
                    caller.name,
                    request.method or "",
                    request.get_full_path(),
                    response.status_code,
                    request.META.get("REMOTE_ADDR", ""),
                    timezone.now(),
                )
            except DatabaseError as error:
                log.warning("a write could not be audited: %s", error)
        return response

    return recorded


def _is_write(request: HttpRequest) -> bool:
    api = request.path.startswith("/api/") and request.path not in (RECORDED_ELSEWHERE, QUESTION)
    return api and request.method not in READS
