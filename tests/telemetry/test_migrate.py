"""The store's schema grows without losing what is in it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.rows import SPAN_COLUMNS, span_row
from telemetry.retention import DAYS
from telemetry.store.client import Store
from telemetry.store.migrate import Engines, migrate, migrations
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.stack import Stack
from tracing import selectors


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    stack = Stack(tmp_path)
    try:
        store = stack.start_store()
        yield store
        store.close()
    finally:
        stack.stop()


OF_THE_FIRST = 19
"""Columns of a span in the first schema."""


def insert(store: Store, trace_id: bytes, *, newest: bool = True) -> None:
    spans = decode_spans(trace_request(span(trace_id=trace_id)).SerializeToString())
    assert isinstance(spans, tuple)
    columns = SPAN_COLUMNS[: None if newest else OF_THE_FIRST]
    rows = [span_row(one)[: len(columns)] for one in spans]
    store.insert("otel_traces", columns, rows, token=trace_id.hex())


def test_data_of_the_first_schema_is_read_by_the_newest(empty: Store) -> None:
    assert migrate(empty, up_to=1) == [1]
    insert(empty, b"\1" * 16, newest=False)
    assert migrate(empty) == [m.number for m in migrations()][1:]
    insert(empty, b"\2" * 16)
    for trace_id in ("01" * 16, "02" * 16):
        found = selectors.trace(empty, trace_id)
        assert found is not None
        assert [p.span.operation for p in found.spans] == ["GET /"]


def test_migrating_again_changes_nothing_and_a_crash_in_between_is_borne(empty: Store) -> None:
    everything = [m.number for m in migrations()]
    assert migrate(empty) == everything
    insert(empty, b"\1" * 16)
    assert migrate(empty) == []
    empty.execute("TRUNCATE TABLE {database}.schema_migrations")
    assert migrate(empty) == everything
    found = selectors.trace(empty, "01" * 16)
    assert found is not None
    assert len(found.spans) == 1


def test_another_retention_reaches_tables_that_exist(
    empty: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty)
    monkeypatch.setitem(DAYS, "samples", 42)
    migrate(empty)
    ((definition,),) = empty.query(
        "SELECT create_table_query FROM system.tables WHERE database = 'meshweb' AND name = 'samples'"
    )
    assert "TTL toDateTime(t) + toIntervalDay(42)" in definition


def test_a_cluster_gets_replicated_engines() -> None:
    assert Engines(cluster="c").words() == {
        "merge_tree": "ReplicatedMergeTree",
        "replacing_merge_tree": "ReplicatedReplacingMergeTree",
        "aggregating_merge_tree": "ReplicatedAggregatingMergeTree",
        "on_cluster": "ON CLUSTER `c`",
    }


def test_old_spans_leave_by_retention(empty: Store) -> None:
    migrate(empty)
    old = time.time_ns() - (DAYS["otel_traces"] + 2) * 86_400 * 10**9
    spans = decode_spans(trace_request(span(trace_id=b"\3" * 16, start_ns=old)).SerializeToString())
    assert isinstance(spans, tuple)
    empty.insert("otel_traces", SPAN_COLUMNS, map(span_row, spans), token="old")
    empty.execute("OPTIMIZE TABLE {database}.otel_traces FINAL")
    assert empty.query("SELECT count() FROM {database}.otel_traces") == [(0,)]
