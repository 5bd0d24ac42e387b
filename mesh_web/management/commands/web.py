"""Serve the UI, the REST API and the live sockets."""

from django.conf import settings
from django.core.management.base import BaseCommand

from telemetry.own.instrumentation import instrument
from telemetry.own.start import start

GRACE_SECONDS = 1
"""Of the three seconds in which every process ends; ending the threads takes the rest."""


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def handle(self, **_options: object) -> None:
        import uvicorn  # noqa: PLC0415
        from prometheus_client import REGISTRY  # noqa: PLC0415

        start(settings.OWN_TELEMETRY, "meshweb-web", (REGISTRY,))
        instrument("django", "celery", "redis")
        uvicorn.run(
            "mesh_web.asgi:application",
            host=settings.BIND,
            port=settings.HTTP_PORT,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            lifespan="on",
            access_log=False,
            log_level="info",
            log_config=None,
            # anybody on this machine may write X-Forwarded-For; logins are counted by address
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
