"""What spans add up to is told like any sender's metrics, shortly before the series are sampled."""

import asyncio
import logging
import time

from telemetry.collector.receive import Receiver
from telemetry.collector.samples import RESOLUTION_SECONDS
from telemetry.ingest.series import SeriesTable
from telemetry.ingest.span_metrics import SpanMetrics

log = logging.getLogger(__name__)

BEFORE_SECONDS = 0.5


async def tell_span_metrics(metrics: SpanMetrics, table: SeriesTable, receiver: Receiver) -> None:
    """Until cancelled."""
    while True:
        now = time.time() + BEFORE_SECONDS
        await asyncio.sleep(RESOLUTION_SECONDS - now % RESOLUTION_SECONDS)
        try:
            await tell(metrics, table, receiver, time.time())
        except Exception:
            log.exception("metrics of spans wait")


async def tell(metrics: SpanMetrics, table: SeriesTable, receiver: Receiver, now: float) -> None:
    for received in metrics.points(now):
        table.take(received, now)
    await receiver.with_exemplars(None, now)
