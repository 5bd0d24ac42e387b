"""`manage.py control`: serves the fleet its configuration, signs certificates, reconciles pods."""

import asyncio
import logging
import signal
import socket
import time
from typing import Any

import grpc
import grpc.aio
import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string

from proxy.ads.server import OPTIONS
from proxy.envoys.questions import Questions
from proxy.fleet.asking import Standby
from proxy.fleet.control import Control
from proxy.fleet.exposition import MetricsPage
from proxy.fleet.metrics import Meter
from proxy.fleet.tryout import Tryout
from proxy.identity import authority, wire
from proxy.identity.authority import Authority
from proxy.identity.certificates import SVID_LIFETIME
from proxy.identity.counting import CertificateCounter
from proxy.identity.service import AgentService, join_handler
from proxy.identity.trust import Trust
from proxy.xds import messages
from proxy.xds.options import Options
from telemetry.own.instrumentation import traced_calls
from telemetry.own.measures import REGISTRY
from telemetry.own.start import start

log = logging.getLogger(__name__)

STOP_SECONDS = 0.5
_CALLS = tuple(wire.method(name) for name in (wire.JOIN, wire.RENEW, wire.SIGN, wire.REPORT))
"""What agents call; streams that last for hours are no spans."""
_HALF_LIFE = SVID_LIFETIME.total_seconds() / 2


class Command(BaseCommand):
    help = __doc__
    # checks load the whole web, which takes a second and 30 MB
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        uvloop.run(serve())


async def serve() -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = asyncio.ensure_future(_run(stop))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    stopping.cancel()
    results = await asyncio.gather(running, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _run(stop: asyncio.Event) -> None:
    trust = Trust(await _authority())
    await asyncio.to_thread(messages.pool)
    questions = Questions(settings.TRUST_DOMAIN, settings.BROKER_URL)
    agents = AgentService(trust)
    options = Options(
        trust_domain=settings.TRUST_DOMAIN,
        trace_sampling_percent=settings.TRACE_SAMPLING_PERCENT,
    )

    def root_expires_at() -> float:
        return trust.authority.root.not_valid_after_utc.timestamp()

    meter = Meter(root_expires_at)
    envoy = Standby()
    start(settings.OWN_TELEMETRY, "meshweb-control", meter.collectors())
    control = Control(
        options,
        name=f"{socket.gethostname()}/{settings.BIND}:{settings.ADS_PORT}",
        host_port_offset=settings.PORT_OFFSET,
        broker_url=settings.BROKER_URL,
        registry_changed=agents.wake,
        meter=meter,
        trust=lambda: trust.authority.version,
        tryout=Tryout(options, envoy),
    )
    own = _OwnCertificate(trust)
    servers = [
        _server(
            settings.ADS_PORT,
            own.credentials(mutual=True),
            (control.ads.handler(), agents.handler(), questions.handler()),
            meter,
        ),
        _server(
            settings.SIGNING_PORT, own.credentials(mutual=False), (join_handler(trust),), meter
        ),
    ]
    working = asyncio.ensure_future(control.run())
    asking = asyncio.ensure_future(questions.run())
    telling = asyncio.ensure_future(_serve_metrics(meter))
    trusting = asyncio.ensure_future(trust.keep(agents.wake))
    try:
        await control.ready.wait()
        for server in servers:
            await server.start()
        log.info(
            "serving proxies on port %d, agents' first certificates on port %d",
            settings.ADS_PORT,
            settings.SIGNING_PORT,
        )
        await asyncio.to_thread(envoy.prepare)
        await working
    finally:
        working.cancel()
        asking.cancel()
        telling.cancel()
        trusting.cancel()
        await asyncio.gather(*(server.stop(STOP_SECONDS) for server in servers))
        envoy.close()
        stop.set()


async def _serve_metrics(meter: Meter) -> None:
    """The page for Prometheus; our own store has them by way of the collector."""
    page = MetricsPage((*meter.collectors(), REGISTRY), _may_read)
    try:
        await page.serve(settings.BIND, settings.CONTROL_METRICS_PORT)
    except OSError as error:
        log.warning("no page of metrics: %s", error)


def _may_read(token: str) -> bool:
    """Whether a bearer token is anybody's."""
    close_old_connections()
    try:
        return (
            bool(token) and import_string(settings.TOKEN_CALLER)(token, timezone.now()) is not None
        )
    except DatabaseError:
        return False


async def _authority() -> Authority:
    """The mesh's root; waits for a database that is not there yet."""

    def ensure() -> Authority:
        close_old_connections()
        return authority.ensure()

    while True:
        try:
            return await asyncio.to_thread(ensure)
        except Exception:  # whatever the database raises, there is no serving without a root
            log.exception("waiting for the certificate authority")
            await asyncio.sleep(1.0)


def _server(
    port: int,
    credentials: grpc.ServerCredentials,
    handlers: tuple[grpc.GenericRpcHandler, ...],  # type: ignore[type-arg]  # generic in stubs only
    meter: Meter,
) -> grpc.aio.Server:
    server = grpc.aio.server(
        options=OPTIONS, interceptors=(*traced_calls(_CALLS), CertificateCounter(meter))
    )
    server.add_generic_rpc_handlers(handlers)
    server.add_secure_port(f"{settings.BIND}:{port}", credentials)
    return server


class _OwnCertificate:
    """Control's own certificate: renewed on the next connection at half its life, or as the
    authority's roots change."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    def credentials(self, *, mutual: bool) -> grpc.ServerCredentials:
        renew_at = time.time() + _HALF_LIFE
        authority = self._trust.authority

        def fetch() -> grpc.ServerCertificateConfiguration | None:
            nonlocal renew_at, authority
            current = self._trust.authority
            if time.time() < renew_at and current is authority:
                return None
            renew_at, authority = time.time() + _HALF_LIFE, current
            return _certificate(current, mutual=mutual)

        first = _certificate(authority, mutual=mutual)
        return grpc.dynamic_ssl_server_credentials(first, fetch, mutual)  # type: ignore[arg-type]  # None: keep


def _certificate(authority: Authority, *, mutual: bool) -> grpc.ServerCertificateConfiguration:
    pair = authority.control_certificate((settings.BIND, "localhost"), now=timezone.now())
    roots = authority.roots_pem.encode() if mutual else None
    return grpc.ssl_server_certificate_configuration(
        [(pair.key_pem.encode(), pair.certificate_pem.encode())], roots
    )
