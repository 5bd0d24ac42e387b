"""Every five seconds the series that changed are sampled into the store."""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import orjson

from telemetry.ingest.edge_rows import (
    EDGE_COLUMNS,
    EDGE_SAMPLE_COLUMNS,
    EdgeCounts,
    edge_lines,
    edge_samples,
)
from telemetry.ingest.rows import (
    METADATA_COLUMNS,
    SAMPLE_COLUMNS,
    SERIES_COLUMNS,
    pack_sample,
)
from telemetry.ingest.series import SampleRow, Series, SeriesTable, announcement
from telemetry.store.client import Store, StoreAway, StoreError

log = logging.getLogger(__name__)

RESOLUTION_SECONDS = 5
CHUNK = 2000
T = TypeVar("T")


async def write_samples(table: SeriesTable, store: Store) -> None:
    """Sample at every whole multiple of the resolution, until cancelled.

    When the store is away nothing is lost: values are cumulative, the next sample holds them.
    """
    dropped = 0
    while True:
        now = time.time()
        await asyncio.sleep(RESOLUTION_SECONDS - now % RESOLUTION_SECONDS)
        try:
            table.forget_silent(time.time())
            await sample(table, store, round(time.time(), 3))
        except (StoreAway, StoreError) as error:
            log.warning("samples wait: %s", str(error)[:300])
        except Exception:
            log.exception("samples wait")
        if table.dropped > dropped:
            log.warning("%d points over the quotas of series", table.dropped - dropped)
            dropped = table.dropped


async def sample(table: SeriesTable, store: Store, now: float) -> int:
    """Write one sample of what changed; return how many rows. Raises StoreAway, StoreError."""
    new, samples, sampled = table.samples(now)
    values = [s.values for s in sampled]
    if samples:
        known, rows = edge_lines(_edges(new), int(now)), edge_samples(_edges(sampled), now)
        await asyncio.to_thread(_insert, store, new, samples, int(now))
        await asyncio.to_thread(_insert_edges, store, known, rows)
    table.stored(sampled, values, now)
    return len(samples)


def _insert(store: Store, new: list[Series], samples: list[SampleRow], now: int) -> None:
    """Series first, so that no sample is ever without a name; a few at a time, to stay small."""
    for some in batched((line for series in new for line in announcement(series, now)), CHUNK):
        lines = b"\n".join(some)
        store.insert_encoded("series", SERIES_COLUMNS, lines, token=secrets.token_hex(12))
    about = {orjson.dumps((s.name, s.kind, "", "", now)) for s in new}
    lines = b"\n".join(about)
    store.insert_encoded("metric_metadata", METADATA_COLUMNS, lines, token=secrets.token_hex(12))
    samples.sort(key=lambda row: row[0])
    for rows in batched(samples, 10 * CHUNK):
        packed = b"".join([pack_sample(number, round(t * 1000), v) for number, t, v in rows])
        token = secrets.token_hex(12)
        store.insert_encoded("samples", SAMPLE_COLUMNS, packed, token=token, form="RowBinary")


def _edges(series: Iterable[Series]) -> Iterable[EdgeCounts]:
    return {id(one.counts): one.counts for one in series if one.counts}.values()


def _insert_edges(store: Store, known: bytes, rows: bytes) -> None:
    store.insert_encoded("edges", EDGE_COLUMNS, known, token=secrets.token_hex(12))
    token = secrets.token_hex(12)
    store.insert_encoded("edge_samples", EDGE_SAMPLE_COLUMNS, rows, token=token, form="RowBinary")


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """`itertools.batched` of Python 3.12."""
    following = iter(items)
    while some := tuple(islice(following, size)):
        yield some
