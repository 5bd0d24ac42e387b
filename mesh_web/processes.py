"""The process table: what `meshweb up` runs, in the order it starts them."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """`ready` is "tcp:<host>:<port>", "unix:<path>" or "http:<host>:<port><path>"; "" means started is ready.

    `after` are processes that must be ready first; the rest start together.
    """

    name: str
    argv: tuple[str, ...]
    ready: str = ""
    after: tuple[str, ...] = ()


def _manage(*words: str) -> tuple[str, ...]:
    return (sys.executable, str(settings.BASE_DIR / "manage.py"), *words)


def _celery(application: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "-A", application, *words)


def table() -> tuple[Process, ...]:
    """All processes of one Meshweb on one machine."""
    home, run = settings.HOME, settings.RUNTIME_DIR
    return (
        Process(
            name="broker",
            argv=(sys.executable, "-m", "mesh_web.broker", f"{run}/broker.sock", f"{home}/broker"),
            ready=f"unix:{run}/broker.sock",
        ),
        Process(
            name="store",
            argv=(
                sys.executable, "-m", "telemetry.store.server", str(home),
                "--bind", settings.BIND, "--port", str(settings.STORE_PORT),
                "--reserve", str(settings.STORE_RESERVE),
            ),
            ready=f"http:{settings.PROBE_HOST}:{settings.STORE_PORT}/ping",
        ),
        Process(
            name="keeper",
            argv=(sys.executable, "-m", "proxy.agent.keeper", f"{run}/keeper.sock"),
            ready=f"unix:{run}/keeper.sock",
        ),
        Process(
            name="control",
            argv=_manage("control"),
            ready=f"tcp:{settings.PROBE_HOST}:{settings.ADS_PORT}",
            after=("broker",),
        ),
        Process(
            name="agent",
            argv=(sys.executable, "-m", "proxy.agent"),
            after=("keeper", "control"),
        ),
        Process(
            name="collector",
            argv=(sys.executable, "-m", "telemetry.collector"),
            ready=f"tcp:{settings.PROBE_HOST}:{settings.OTLP_GRPC_PORT}",
            after=("broker", "store"),
        ),
        Process(
            name="web",
            argv=_manage("web"),
            ready=f"http:{settings.PROBE_HOST}:{settings.HTTP_PORT}/readyz",
            after=("broker",),
        ),
        Process(name="live", argv=_manage("live"), after=("broker",)),
        Process(
            name="worker",
            argv=_celery(
                "mesh_web.celery", "worker", "-Q", "revisions,default", "-P", "threads", "-c", "4",
                "--without-gossip", "--without-mingle", "-l", "INFO",
            ),
            after=("broker",),
        ),
        Process(
            name="beat",
            argv=_celery(
                "mesh_web.beat", "beat", "-s", f"{home}/beat-schedule", "--pidfile=", "-l", "INFO"
            ),
            after=("broker",),
        ),
    )  # fmt: skip


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """What every child gets beside its own."""
    return {
        **base,
        "DJANGO_SETTINGS_MODULE": "mesh_web.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(settings.BASE_DIR),
        "CELERY_SKIP_CHECKS": "1",  # they load every page; the web checks them anyway
        "MALLOC_ARENA_MAX": "2",  # threads that encode would each keep a heap of their own
    }
