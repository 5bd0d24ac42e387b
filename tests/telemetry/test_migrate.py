"""The store's schema grows without losing what is in it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.rows import SPAN_COLUMNS, span_row
from telemetry.retention import DAY, Retention, Unreadable, read_retention
from telemetry.store.client import Store
from telemetry.store.migrate import migrate, migrations
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.stack import empty_store, eventually
from tracing import selectors


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with empty_store(tmp_path) as store:
        yield store


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


def test_another_retention_reaches_tables_that_exist(empty: Store) -> None:
    migrate(empty)
    migrate(empty, retention=Retention(metrics=42 * DAY, spans=36 * 3600))
    told = dict(
        empty.query("SELECT name, create_table_query FROM system.tables WHERE database = 'meshweb'")
    )
    assert "TTL toDateTime(t) + toIntervalDay(42)" in told["samples"]
    assert "TTL last_seen + toIntervalDay(43)" in told["series"]
    assert "TTL toDateTime(Timestamp) + toIntervalSecond(129600)" in told["otel_traces"]
    assert "TTL toDateTime(Timestamp) + toIntervalDay(3)" in told["access_logs"]
    assert ["ttl_only_drop_parts = 1" in told[t] for t in ("samples", "otel_traces")] == [
        True,
        False,
    ]


def test_the_same_retention_changes_no_table(empty: Store) -> None:
    def changed() -> list[tuple[object, ...]]:
        return empty.query(
            "SELECT name, create_table_query, metadata_modification_time FROM system.tables"
            " WHERE database = 'meshweb' ORDER BY name"
        )

    migrate(empty)
    before = changed()
    time.sleep(1.1)
    migrate(empty)
    assert changed() == before


def test_each_signal_leaves_in_its_own_time(empty: Store) -> None:
    """Rows of ten minutes ago go where a signal is kept for less; nobody is asked to clean up."""
    migrate(empty, retention=Retention(spans=5, metrics=3600, logs=5))
    now = time.time()
    for table, columns, row in (
        ("otel_traces", ("TraceId", "Timestamp"), lambda t: ("ab", f"{t:.3f}")),
        ("access_logs", ("Body", "Timestamp"), lambda t: ("hello", f"{t:.3f}")),
        ("samples", ("id", "t", "v"), lambda t: (1, f"{t:.3f}", 1.0)),
    ):
        empty.insert(table, columns, [row(now - 600), row(now + 3600)], token=table)

    counted = """
    SELECT (SELECT count() FROM {database}.otel_traces), (SELECT count() FROM {database}.trace_times),
        (SELECT count() FROM {database}.access_logs), (SELECT count() FROM {database}.samples)
    """
    eventually(lambda: empty.query(counted) == [(1, 0, 1, 2)], 30)


def test_what_is_no_time_is_said_in_a_sentence() -> None:
    assert read_retention({"spans": "36h", "logs": ""}) == Retention(spans=36 * 3600)
    for text in ("7", "0d", "-1d", "7 days", "9999y", "1e3s"):
        assert read_retention({"metrics": text}) == Unreadable(
            f"MESHWEB_KEEP_METRICS is {text!r}: give a number and a unit, such as 36h, 7d or 2w"
        )


def test_old_spans_leave_by_retention(empty: Store) -> None:
    migrate(empty)
    old = time.time_ns() - (Retention().spans + 2 * DAY) * 10**9
    spans = decode_spans(trace_request(span(trace_id=b"\3" * 16, start_ns=old)).SerializeToString())
    assert isinstance(spans, tuple)
    empty.insert("otel_traces", SPAN_COLUMNS, map(span_row, spans), token="old")
    empty.execute("OPTIMIZE TABLE {database}.otel_traces FINAL")
    assert empty.query("SELECT count() FROM {database}.otel_traces") == [(0,)]
