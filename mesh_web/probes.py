"""Whether the web lives, whether it can serve, and what it counts."""

import time
from dataclasses import asdict
from functools import lru_cache

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from mesh_web.accounts.auth import caller_of
from rest.checks import Check
from routing.facade import broker_alive

LOOK_SECONDS = 5


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database and the broker answer, 503 with what does not.

    With `?checks` and a token: everything that `meshweb doctor` looks at, 503 if any of it failed.
    """
    if "checks" in request.GET:
        return _checked(request)
    parts = {"database": _database_alive(), "broker": broker_alive()}
    ready = all(parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


def _checked(request: HttpRequest) -> HttpResponse:
    if caller_of(request) is None:
        return JsonResponse({"message": "Send a bearer token."}, status=401)
    found = _checks(round(time.monotonic() / LOOK_SECONDS))
    ready = all(check.ok for check in found)
    told = {"ready": ready, "checks": [asdict(check) for check in found]}
    return JsonResponse(told, status=200 if ready else 503)


@lru_cache(maxsize=1)
def _checks(_when: int) -> tuple[Check, ...]:
    """However many ask, it is looked once in LOOK_SECONDS."""
    from mesh_web.doctor import here, services  # noqa: PLC0415  asked for now and then

    return (*here(), *services())


def _database_alive() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """This process's metrics in Prometheus's text format; for whoever may read."""
    if caller_of(request) is None:
        return HttpResponse("Send a bearer token.\n", status=401, content_type="text/plain")
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415

    from proxy.breakers.metrics import registry  # noqa: PLC0415
    from telemetry.own.measures import REGISTRY  # noqa: PLC0415

    told = generate_latest() + generate_latest(registry()) + generate_latest(REGISTRY)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)
