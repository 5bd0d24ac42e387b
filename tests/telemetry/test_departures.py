"""A read ends when nobody waits for it any more."""

import threading
import time

import pytest

from telemetry.store.client import Abandoned, Store, StoreError
from tests.telemetry.stack import eventually

ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1"


def running(store: Store) -> int:
    rows = store.query("SELECT count() FROM system.processes WHERE query LIKE '%cityHash64%1'")
    return int(rows[0][0])


def test_an_abandoned_read_is_ended_in_the_store(store: Store) -> None:
    gone = threading.Event()
    threading.Timer(0.5, gone.set).start()
    began = time.monotonic()
    with pytest.raises(Abandoned):
        store.read(ENDLESS, "Null", abandoned=gone.is_set)
    assert time.monotonic() - began < 5
    eventually(lambda: running(store) == 0, 5)


def test_a_read_that_is_waited_for_comes_to_its_own_end(store: Store) -> None:
    text = store.read("SELECT sleep(1), {n:UInt8}", "TSV", abandoned=lambda: False, n=7)
    assert text == b"0\t7\n"
    with pytest.raises(StoreError, match="TIMEOUT_EXCEEDED"):
        store.read(ENDLESS, "Null", settings={"max_execution_time": "1"}, abandoned=lambda: False)
