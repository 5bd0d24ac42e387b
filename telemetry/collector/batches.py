"""Rows wait here for a fraction of a second, are inserted together, and only then acknowledged."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from telemetry.store.client import Store, StoreAway, StoreError

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.4
"""Senders wait for it; each insert costs the store some milliseconds, however small it is."""
BATCH_BYTES = 8 << 20
QUEUE_BYTES = 48 << 20
RETRY_SECONDS = (0.1, 0.3, 0.9)


class QueueFull(Exception):  # noqa: N818  an answer to the sender
    """The store is slower than what comes in: send it again later."""


class DiskFull(StoreAway):
    """Trying again at once will not help; later it may."""

    def __init__(self) -> None:
        super().__init__("the store's disk is full: nothing is taken until there is room")


class BadRows(Exception):  # noqa: N818  an answer to the sender
    """The store refuses these rows; sending them again will not help."""


@dataclass(slots=True)
class _Waiting:
    lines: bytes
    owner: str
    done: asyncio.Future[None]


@dataclass(slots=True)
class _Batch:
    waiting: list[_Waiting] = field(default_factory=list)
    size: int = 0


class Batches:
    """Inserts into one table. `put` returns when the rows are durable."""

    def __init__(
        self,
        store: Store,
        table: str,
        columns: Sequence[str],
        *,
        form: str = "JSONCompactEachRow",
    ) -> None:
        self._store = store
        self._form = form
        self._between = b"" if form == "RowBinary" else b"\n"
        self._table = table
        self._columns = columns
        self._batch = _Batch()
        self._queued = 0
        self._owned: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._full = asyncio.Event()

    @property
    def room(self) -> int:
        """Bytes that can still be queued."""
        return QUEUE_BYTES - self._queued

    async def put(self, lines: bytes, owner: str = "") -> None:
        """Queue rows (JSON arrays, one per line, or what `form` says). Raises QueueFull, StoreAway, BadRows.

        One `owner` gets at most half of the queue, so that there is room for others; "" is nobody.
        """
        if not lines:
            return
        owned = self._owned.get(owner, 0) + len(lines)
        if len(lines) > self.room or (owner and owned > QUEUE_BYTES // 2):
            raise QueueFull
        self._owned[owner] = owned
        done = asyncio.get_running_loop().create_future()
        self._queued += len(lines)
        self._batch.waiting.append(_Waiting(lines, owner, done))
        self._batch.size += len(lines)
        self._wake.set()
        if self._batch.size >= BATCH_BYTES:
            self._full.set()
        await done

    async def run(self) -> None:
        """Flush for ever: a batch is as old as FLUSH_SECONDS or as large as BATCH_BYTES."""
        while True:
            await self._wake.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), FLUSH_SECONDS)
            batch, self._batch = self._batch, _Batch()
            self._wake.clear()
            self._full.clear()
            try:
                await self._flush(batch)
            finally:
                self._leave(batch)

    def _leave(self, batch: _Batch) -> None:
        self._queued -= batch.size
        for waiting in batch.waiting:
            left = self._owned[waiting.owner] - len(waiting.lines)
            if left:
                self._owned[waiting.owner] = left
            else:
                del self._owned[waiting.owner]

    async def _flush(self, batch: _Batch) -> None:
        lines = self._between.join(w.lines for w in batch.waiting)
        try:
            await self._insert(lines)
        except StoreError:
            await self._one_by_one(batch)
        except Exception as error:
            _settle(batch.waiting, error)
        else:
            _settle(batch.waiting, None)

    async def _one_by_one(self, batch: _Batch) -> None:
        """Somebody's rows are bad: find whose, and keep the others'."""
        for waiting in batch.waiting:
            try:
                await self._insert(waiting.lines)
            except StoreError as error:
                log.warning("the store refuses rows of %s: %s", self._table, str(error)[:300])
                _settle(
                    [waiting],
                    StoreAway(str(error)) if error.missing_table else BadRows(str(error)[:300]),
                )
            except StoreAway as error:
                _settle([waiting], error)
            else:
                _settle([waiting], None)

    async def _insert(self, lines: bytes) -> None:
        """Insert with one token through all tries, so that it happens once."""
        token = secrets.token_hex(12)
        insert = partial(self._insert_once, lines, token)
        for pause in RETRY_SECONDS:
            try:
                await asyncio.to_thread(insert)
            except DiskFull:
                raise
            except StoreAway:
                await asyncio.sleep(pause)
            else:
                return
        await asyncio.to_thread(insert)

    def _insert_once(self, lines: bytes, token: str) -> None:
        """What the store is too short of just now is no fault of the rows."""
        try:
            self._store.insert_encoded(
                self._table, self._columns, lines, token=token, form=self._form
            )
        except StoreError as error:
            if error.disk_full:
                raise DiskFull from error
            if error.passing:
                raise StoreAway(str(error)[:300]) from error
            raise


def _settle(waiting: list[_Waiting], error: Exception | None) -> None:
    for one in waiting:
        if one.done.done():  # its sender has gone
            continue
        if error is None:
            one.done.set_result(None)
        else:
            one.done.set_exception(error)
