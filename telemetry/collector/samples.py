"""Every five seconds the series that changed are sampled into the store."""

import asyncio
import logging
import secrets
import time

from telemetry.ingest.rows import SAMPLE_COLUMNS, SERIES_COLUMNS
from telemetry.ingest.series import SampleRow, SeriesRow, SeriesTable
from telemetry.store.client import Store, StoreAway, StoreError

log = logging.getLogger(__name__)

RESOLUTION_SECONDS = 5


async def write_samples(table: SeriesTable, store: Store) -> None:
    """Sample at every whole multiple of the resolution, until cancelled.

    When the store is away nothing is lost: values are cumulative, the next sample holds them.
    """
    dropped = 0
    while True:
        now = time.time()
        await asyncio.sleep(RESOLUTION_SECONDS - now % RESOLUTION_SECONDS)
        try:
            await sample(table, store, round(time.time(), 3))
        except (StoreAway, StoreError) as error:
            log.warning("samples wait: %s", str(error)[:300])
        table.forget_silent(time.time())
        if table.dropped > dropped:
            log.warning("%d series over their namespace's quota", table.dropped - dropped)
            dropped = table.dropped


async def sample(table: SeriesTable, store: Store, now: float) -> int:
    """Write one sample of what changed; return how many rows. Raises StoreAway, StoreError."""
    series, samples, sampled = table.samples(now)
    values = [s.values for s in sampled]
    if samples:
        await asyncio.to_thread(_insert, store, series, samples)
    table.stored(sampled, values, now)
    return len(samples)


def _insert(store: Store, series: list[SeriesRow], samples: list[SampleRow]) -> None:
    """Series first, so that no sample is ever without a name."""
    store.insert("series", SERIES_COLUMNS, series, token=secrets.token_hex(12))
    samples.sort(key=lambda row: row[0])
    store.insert("samples", SAMPLE_COLUMNS, samples, token=secrets.token_hex(12))
