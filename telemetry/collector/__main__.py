"""`python -m telemetry.collector`: run the collector (it needs no Django, so it loads none)."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop
from redis.asyncio import Redis

from telemetry.collector.access import Access, TokenMissing
from telemetry.collector.batches import Batches
from telemetry.collector.breakers import BreakerPublisher
from telemetry.collector.config import Config
from telemetry.collector.jaeger import jaeger_route, start_agent
from telemetry.collector.live import LivePublisher
from telemetry.collector.otlp_grpc import start_grpc
from telemetry.collector.otlp_http import otlp_routes, start_http
from telemetry.collector.page import QuotaMetrics, ScrapeMetrics, metrics_route
from telemetry.collector.receive import Receiver
from telemetry.collector.remote_write import RemoteWrite, WriteTables
from telemetry.collector.samples import write_samples
from telemetry.collector.span_metrics import tell_span_metrics
from telemetry.collector.usage import tell_usage
from telemetry.collector.zipkin import zipkin_route
from telemetry.ingest.quotas import Quotas
from telemetry.ingest.remote_write import Register
from telemetry.ingest.rows import LOG_COLUMNS, SPAN_COLUMNS
from telemetry.ingest.series import SeriesTable
from telemetry.ingest.span_metrics import SpanMetrics
from telemetry.own.config import OTLP_HTTP_PORT, OwnTelemetry, read
from telemetry.own.start import start
from telemetry.scrape.discovery import Discovery
from telemetry.scrape.fetch import Allowed
from telemetry.scrape.members import Members
from telemetry.scrape.own import own_configuration
from telemetry.scrape.scraper import Scraper
from telemetry.store.client import Store, StoreAway, StoreError
from telemetry.store.migrate import Engines, migrate

log = logging.getLogger("collector")

_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  it is compared

END_SECONDS = 5
"""Whoever has not ended by then is left: a process that lives without serving is not restarted."""


async def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT. Raises TokenMissing, OSError."""
    access = Access.of(config.bind, config.ingest_token)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store(config.store_address())
    broker = Redis.from_url(config.broker_url, socket_timeout=3, socket_connect_timeout=2)
    preparing = asyncio.ensure_future(_prepare(store, config))
    await _first(stop, preparing)
    if not preparing.done() or stop.is_set():
        preparing.cancel()
        return
    quotas = Quotas(config.quota_series, rate=config.quota_bytes)
    table = SeriesTable(quotas.share())
    spans = Batches(store, "otel_traces", SPAN_COLUMNS)
    logs = Batches(store, "access_logs", LOG_COLUMNS)
    collector = f"{socket.gethostname()}-{os.getpid()}"
    live = LivePublisher(table, broker, collector, preparing.result())
    tables = WriteTables.of(store)
    span_metrics = SpanMetrics(collector)
    receiver = Receiver(spans, logs, tables.exemplars, table, quotas, span_metrics)
    signals = receiver.signals()
    grpc_server = await start_grpc(signals, f"{config.bind}:{config.grpc_port}", access)
    remote_write = RemoteWrite(
        tables, Register(quotas.share(), seconds=config.retention.metrics), access
    )
    place = f"{socket.gethostname()}:{config.grpc_port}"
    scraper = Scraper(
        Discovery(
            config.scrape_config,
            own_configuration(config.scrape_own, str(Path(config.home) / "admin-token")),
        ),
        Allowed.of(config.scrape_hosts),
        Members(broker, place),
        broker,
        tables,
        quotas.share(),
    )
    routes = {
        config.http_port: (
            *otlp_routes(signals, access),
            remote_write.route(),
            metrics_route(access, QuotaMetrics(quotas), ScrapeMetrics(scraper.counts)),
        ),
        config.zipkin_port: (zipkin_route(receiver, access),),
        config.jaeger_port: (jaeger_route(receiver, access),),
    }
    runners = [await start_http(config.bind, port, found) for port, found in routes.items()]
    agent = await start_agent(receiver, config.bind, config.jaeger_agent_port)
    log.info(
        "on %s: OTLP %d (gRPC), %d (HTTP), Zipkin %d, Jaeger Thrift %d, %d (UDP)",
        config.bind,
        config.grpc_port,
        *routes,
        config.jaeger_agent_port,
    )
    tasks = [
        asyncio.create_task(forever(work), name=name)
        for name, work in (
            ("spans", spans.run()),
            ("logs", logs.run()),
            ("live", live.run()),
            ("breakers", BreakerPublisher(table, broker).run()),
            ("span metrics", tell_span_metrics(span_metrics, table, receiver)),
            ("samples", write_samples(table, store)),
            ("scraping", scraper.run()),
            ("usage", tell_usage(broker, place, quotas)),
            *(("remote write", batches.run()) for batches in tables.all()),
        )
    ]
    await _first(stop, *tasks)
    failed = [task for task in tasks if task.done()]
    for task in failed:
        log.error("%s ended", task.get_name(), exc_info=task.exception())

    async def end() -> None:
        agent.close()
        await asyncio.gather(grpc_server.stop(1.0), *(runner.cleanup() for runner in runners))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await broker.aclose()
        store.close()

    _, hanging = await asyncio.wait([asyncio.ensure_future(end())], timeout=END_SECONDS)
    if failed or hanging:
        # not by way of the interpreter: it waits for threads, and a thread may wait for ever
        os._exit(1)


async def forever(work: Coroutine[Any, Any, None]) -> None:
    await work


async def _first(stop: asyncio.Event, *others: asyncio.Future[Any]) -> None:
    """Wait for the first to end."""
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait([stopping, *others], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


async def _prepare(store: Store, config: Config) -> frozenset[str]:
    """Bring the schema up to date, however long the store takes to come; say who is known."""
    pause = 0.1
    while True:
        try:
            applied = await asyncio.to_thread(
                migrate,
                store,
                engines=Engines(cluster=config.store_cluster),
                retention=config.retention,
            )
            if applied:
                log.info("store schema: applied %s", applied)
            return await asyncio.to_thread(known_senders, store)
        except StoreAway as error:
            log.info("waiting for the store: %s", error)
        except StoreError as error:
            log.error("the store refuses the schema: %s", error)  # noqa: TRY400  its text says all
        await asyncio.sleep(pause)
        pause = min(pause * 2, 2.0)


def known_senders(store: Store) -> frozenset[str]:
    """Instances that some collector has heard and stored within the last day."""
    rows = store.query(
        "SELECT DISTINCT labels['instance'] FROM {database}.series"
        " WHERE last_seen > now() - INTERVAL 1 DAY"
    )
    return frozenset(row[0] for row in rows)


def _own_telemetry(config: Config) -> OwnTelemetry:
    """What it tells of itself it takes in through its own door: constant, however much that is."""
    return read(
        os.environ,
        collector="" if config.bind in _ANYWHERE else f"{config.bind}:{config.grpc_port}",
        port_offset=config.http_port - OTLP_HTTP_PORT,
        token=config.ingest_token,
    )


def main() -> int:
    logging.basicConfig(
        level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stdout
    )
    config = Config.of_environment()
    start(_own_telemetry(config), "meshweb-collector", spans=False)
    try:
        with (
            contextlib.suppress(KeyboardInterrupt),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(run(config))
    except (OSError, TokenMissing) as error:
        log.error("%s", error)  # noqa: TRY400  a taken port is no bug
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
