"""What the store is short of for a while is tried again; bad rows are their sender's fault."""

import asyncio
from collections.abc import Sequence

import pytest

from telemetry.collector import batches
from telemetry.collector.batches import BadRows, Batches
from telemetry.store.client import Store, StoreAddress, StoreAway, StoreError

MEMORY = 241
TOO_MANY_PARTS = 252
CANNOT_PARSE = 27


class ShortStore(Store):
    """Refuses as often as it has `errors`, each with its code."""

    def __init__(self, *errors: int) -> None:
        super().__init__(StoreAddress.of_url("http://127.0.0.1:1/x"))
        self.errors = list(errors)
        self.tokens: list[str] = []

    def insert_encoded(
        self,
        table: str,
        columns: Sequence[str],
        lines: bytes,
        *,
        token: str,
        form: str = "JSONCompactEachRow",
    ) -> None:
        del table, columns, lines, form
        self.tokens.append(token)
        if self.errors:
            raise StoreError("short", self.errors.pop(0))


async def put(store: Store) -> None:
    queue = Batches(store, "t", ("a",))
    task = asyncio.create_task(queue.run())
    try:
        await queue.put(b"[1]")
    finally:
        task.cancel()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "RETRY_SECONDS", (0.0, 0.0))


async def test_memory_that_is_short_for_a_while_costs_nobody_a_row() -> None:
    store = ShortStore(MEMORY, MEMORY)
    await put(store)
    assert len(store.tokens) == 3
    assert len(set(store.tokens)) == 1


@pytest.mark.parametrize("short", [MEMORY, TOO_MANY_PARTS])
async def test_what_stays_short_is_to_be_tried_again_by_the_sender(short: int) -> None:
    with pytest.raises(StoreAway):
        await put(ShortStore(*[short] * 20))


async def test_rows_that_are_bad_are_their_senders_fault() -> None:
    with pytest.raises(BadRows):
        await put(ShortStore(*[CANNOT_PARSE] * 20))
