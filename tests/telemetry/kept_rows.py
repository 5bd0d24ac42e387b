"""A receiver of OTLP without other processes: its store remembers what it is given."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from telemetry.collector.batches import Batches
from telemetry.collector.receive import Receiver
from telemetry.ingest.quotas import Quotas
from telemetry.ingest.rows import EXEMPLAR_COLUMNS, LOG_COLUMNS, SPAN_COLUMNS
from telemetry.ingest.series import SeriesTable
from telemetry.store.client import Store, StoreAddress


class KeptRows(Store):
    """Takes all, and remembers it."""

    def __init__(self) -> None:
        super().__init__(StoreAddress.of_url("http://127.0.0.1:1/x"))
        self.rows: list[bytes] = []

    def insert_encoded(
        self,
        table: str,
        columns: Sequence[str],
        lines: bytes,
        *,
        token: str,
        form: str = "JSONCompactEachRow",
    ) -> None:
        del table, columns, token, form
        self.rows += lines.split(b"\n")


class Receiving:
    """A receiver in this process."""

    def __init__(self, quotas: Quotas) -> None:
        self.store = KeptRows()
        self.spans = Batches(self.store, "otel_traces", SPAN_COLUMNS)
        self.logs = Batches(self.store, "access_logs", LOG_COLUMNS)
        self.exemplars = Batches(self.store, "exemplars", EXEMPLAR_COLUMNS)
        self.table = SeriesTable(quotas.share())
        self.receiver = Receiver(self.spans, self.logs, self.exemplars, self.table, quotas)


Kind = TypeVar("Kind", bound=Receiving)


@asynccontextmanager
async def running(made: Kind) -> AsyncIterator[Kind]:
    """While its queues run."""
    tasks = [asyncio.create_task(queue.run()) for queue in (made.spans, made.logs, made.exemplars)]
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()


def receiving(quotas: Quotas | None = None) -> AbstractAsyncContextManager[Receiving]:
    return running(Receiving(quotas or Quotas()))
