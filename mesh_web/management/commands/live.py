"""The live process: builds the traffic graph once a second and publishes what changed."""

import asyncio
import contextlib
import logging
import signal

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand

from mesh_web.live.builder import Live
from telemetry.own.start import start

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs until SIGTERM. Needs the broker; waits for it, and for the database, if it must."""

    help = __doc__
    requires_system_checks = ()

    def handle(self, **_options: object) -> None:
        start(settings.OWN_TELEMETRY, "meshweb-live", spans=False)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve())


async def _serve() -> None:
    loop, work = asyncio.get_running_loop(), asyncio.ensure_future(Live().run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
