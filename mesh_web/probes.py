"""Whether the web lives, whether it can serve, and what it counts."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from mesh_web.accounts.auth import caller_of
from routing.facade import broker_alive


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when the database and the broker answer, 503 with what does not."""
    parts = {"database": _database_alive(), "broker": broker_alive()}
    ready = all(parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


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
