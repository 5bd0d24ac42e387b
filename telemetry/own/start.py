"""Beginning to tell of a process: once, when it starts."""

import atexit
import logging
import os
import time
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from telemetry.own.config import NAMESPACE, OwnTelemetry, fault
from telemetry.own.measures import REGISTRY
from telemetry.own.outbox import Destination, Outbox, close_all
from telemetry.own.series import otlp

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

_SCRAPED = frozenset({"meshweb-web", "meshweb-control", "meshweb-collector"})
_OF_THE_SYSTEM = ("process_", "python_")
"""Scraped from the pages of those three (telemetry.scrape.own), so they do not send them, too."""


def start(
    told: OwnTelemetry,
    service: str,
    collectors: "Iterable[Collector] | None" = None,
    *,
    spans: bool = True,
) -> None:
    """Spans, log lines and numbers of this process leave from now on. Never blocks, never fails.

    `service` is how it is called, as meshweb-web. `collectors` are the process's own numbers beside
    those of `telemetry.own.measures`; without them what the operating system knows of it. Without
    `spans` it makes none, which costs less.
    """
    wrong = fault(told)
    if wrong:
        log.error("own telemetry is off: %s", wrong)
        return
    started = time.time_ns()
    resource = resource_of(service, told.host, started)
    numbers = _numbers(resource, started, collectors)
    destinations = tuple(_destinations(told, resource))
    if not destinations:
        return
    from telemetry.own.records import OwnRecords  # noqa: PLC0415  not where it is off
    from telemetry.own.redaction import Redaction  # noqa: PLC0415

    redact = Redaction((*told.secrets, *(v for e in told.endpoints for v in e.headers.values())))
    outboxes = tuple(Outbox(one, numbers, redact) for one in destinations)
    if spans:
        _provide_tracer(told, resource, outboxes)
    logging.getLogger().addHandler(OwnRecords(outboxes, redact))
    for one in outboxes:
        one.start()
    atexit.register(close_all, outboxes)


def resource_of(service: str, host: str, started: int) -> dict[str, str]:
    """How the store and Jaeger name a process that began then (Unix nanoseconds)."""
    return {
        "service.name": service,
        "service.namespace": NAMESPACE,
        "service.instance.id": f"{service}-{host}-{started // 1_000_000}",
        "service.version": own_version(),
        "k8s.namespace.name": NAMESPACE,
        "k8s.pod.name": f"{service}-{host}",
        "k8s.deployment.name": service,
    }


def own_version() -> str:
    try:
        return version("meshweb")
    except PackageNotFoundError:  # run from a clone that is not installed
        return "unknown"


def _provide_tracer(
    told: OwnTelemetry,
    resource: dict[str, str],
    outboxes: tuple[Outbox, ...],
) -> None:
    # the names of today for what the instrumentation of HTTP says
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
    from opentelemetry import trace  # noqa: PLC0415  not where it is off
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    from telemetry.own.spans import ChangesAlways, Departure  # noqa: PLC0415

    provider = TracerProvider(
        sampler=ChangesAlways(told.sampling), resource=Resource(resource), shutdown_on_exit=False
    )
    provider.add_span_processor(Departure(outboxes))
    trace.set_tracer_provider(provider)


def _destinations(told: OwnTelemetry, resource: dict[str, str]) -> Iterable[Destination]:
    from telemetry.own.otlp import OtlpDoor  # noqa: PLC0415  not where it is off

    for one in told.endpoints:
        yield OtlpDoor(one, resource)
    if told.jaeger:
        from telemetry.own.jaeger import ExtraMissing, JaegerDoor  # noqa: PLC0415  an extra

        try:
            yield JaegerDoor(told.jaeger)
        except ExtraMissing as error:
            log.error("%s", error)  # noqa: TRY400  it is no bug


def _numbers(
    resource: dict[str, str], started: int, collectors: "Iterable[Collector] | None"
) -> Callable[[], bytes]:
    every = (REGISTRY, *(_process() if collectors is None else collectors))
    scraped = resource["service.name"] in _SCRAPED

    def numbers() -> bytes:
        metrics = (metric for one in every for metric in one.collect())
        told = (one for one in metrics if not (scraped and one.name.startswith(_OF_THE_SYSTEM)))
        return otlp(told, resource, started, time.time_ns())

    return numbers


def _process() -> "tuple[Collector]":
    from prometheus_client import ProcessCollector  # noqa: PLC0415

    return (ProcessCollector(registry=None),)
