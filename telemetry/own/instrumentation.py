"""OpenTelemetry's own instrumentation of the libraries that our processes are made of."""

from collections.abc import Callable, Iterable
from typing import Any

NOT_TRACED = "healthz,readyz,metrics$,static/,login/once/"
"""Pages of the web that ask nothing of it, and one whose path is a secret."""


def instrument(*libraries: str) -> None:
    """Of "django", "celery", "redis". Call it when the process's tracer is there."""
    for one in libraries:
        _KNOWN[one]()


def traced_calls(methods: Iterable[str]) -> tuple[Any, ...]:
    """gRPC's interceptors (of `grpc.aio` servers) that make a span of each call of these methods."""
    from opentelemetry.instrumentation.grpc import aio_server_interceptor  # noqa: PLC0415  as below

    known = frozenset(methods)
    return (aio_server_interceptor(filter_=lambda call: call.method in known),)  # type: ignore[no-untyped-call]


def _django() -> None:
    from opentelemetry.instrumentation.django import DjangoInstrumentor  # noqa: PLC0415  each only where it is

    DjangoInstrumentor().instrument(excluded_urls=NOT_TRACED)


def _celery() -> None:
    from opentelemetry.instrumentation.celery import CeleryInstrumentor  # noqa: PLC0415  as above

    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]


def _redis() -> None:
    from opentelemetry.instrumentation.redis import RedisInstrumentor  # noqa: PLC0415  as above

    RedisInstrumentor().instrument()


_KNOWN: dict[str, Callable[[], None]] = {"django": _django, "celery": _celery, "redis": _redis}
