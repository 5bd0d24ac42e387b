"""Searches read what they look for and little else; spans that an earlier schema kept are found, too."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.rows import SPAN_COLUMNS, span_row
from telemetry.store.client import Store
from telemetry.store.migrate import migrate, migrations
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.stack import empty_store, eventually
from tracing import selectors
from tracing.contracts import TraceQuery
from tracing.query.parse import parse

SECOND = 10**9
BEFORE = 5
"""The last schema without indexes of attributes and places."""


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with empty_store(tmp_path) as store:
        yield store


def put(store: Store, number: int, count: int = 1) -> None:
    """A trace whose user has its number, a second long for each of its spans."""
    start = time.time_ns() - 3600 * SECOND
    resource = {"service.name": f"app-{number}", "k8s.deployment.name": f"app-{number}-v1"}
    spans = [
        span(
            f"GET /{i}",
            trace_id=number.to_bytes(16, "big"),
            start_ns=start + i * SECOND,
            attributes={"user.id": str(number)},
        )
        for i in range(count)
    ]
    decoded = decode_spans(trace_request(*spans, resource=resource).SerializeToString())
    assert isinstance(decoded, tuple)
    store.insert("otel_traces", SPAN_COLUMNS, map(span_row, decoded), token=f"trace-{number}")


def found(store: Store, text: str = "", service: str = "") -> list[str]:
    now = time.time_ns()
    query = TraceQuery(start_ns=now - 7200 * SECOND, end_ns=now, where=parse(text), service=service)
    return sorted(summary.trace_id for summary in selectors.search(store, query).traces)


def named(*numbers: int) -> list[str]:
    return [f"{number:032x}" for number in numbers]


def test_spans_of_an_earlier_schema_are_found_by_everything(empty: Store) -> None:
    migrate(empty, up_to=BEFORE)
    put(empty, 1, 3)
    assert migrate(empty) == [one.number for one in migrations() if one.number > BEFORE]
    put(empty, 2, 3)
    assert found(empty, "user.id=1") == named(1)
    assert found(empty, "user.id=2") == named(2)
    assert found(empty, "user.id!=2") == named(1)
    assert found(empty, "NOT user.id=2") == named(1)
    assert found(empty, service="app-1") == found(empty, service="app-1-v1") == named(1)
    assert found(empty) == named(1, 2)
    for trace_id in named(1, 2):
        trace = selectors.trace(empty, trace_id)
        assert trace is not None
        assert [one.span.operation for one in trace.spans] == ["GET /0", "GET /1", "GET /2"]


def test_a_trace_is_whole_though_half_of_it_is_of_an_earlier_schema(empty: Store) -> None:
    migrate(empty, up_to=BEFORE)
    put(empty, 1, 2)
    migrate(empty)
    other = decode_spans(
        trace_request(
            span("late", trace_id=(1).to_bytes(16, "big"), start_ns=time.time_ns())
        ).SerializeToString()
    )
    assert isinstance(other, tuple)
    empty.insert("otel_traces", SPAN_COLUMNS, map(span_row, other), token="late")
    empty.execute("OPTIMIZE TABLE {database}.trace_times FINAL")
    trace = selectors.trace(empty, named(1)[0])
    assert trace is not None
    assert [one.span.operation for one in trace.spans] == ["GET /0", "GET /1", "late"]


def test_a_trace_with_more_places_than_are_kept_is_whole(empty: Store) -> None:
    migrate(empty)
    put(empty, 1, 1200)
    trace = selectors.trace(empty, named(1)[0])
    assert trace is not None
    assert len(trace.spans) == 1200


class Explained:
    """A store that says which indexes a read used, and how many granules they left."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.used: set[str] = set()
        self.read = 0

    def query(self, sql: str, **given: Any) -> list[tuple[Any, ...]]:
        given.pop("max_execution_time", None)
        plan = [row[0].strip() for row in self._store.query(f"EXPLAIN indexes = 1 {sql}", **given)]
        self.used |= {line.removeprefix("Name: ") for line in plan if line.startswith("Name: ")}
        self.used |= {"order" for line in plan if line == "ServiceName"}
        last = [line for line in plan if "Granules: " in line and "/" not in line]
        self.read += sum(int(line.rpartition(" ")[2]) for line in last)
        return self._store.query(sql, **given)


def test_searches_use_the_order_of_spans_and_the_index_of_attributes(empty: Store) -> None:
    migrate(empty)
    for number in range(1, 40):
        put(empty, number, 300)
    eventually(lambda: merged(empty))
    explained = Explained(empty)
    assert found(explained, "user.id=7") == named(7)  # type: ignore[arg-type]
    assert "by_attribute" in explained.used
    ((all_granules,),) = empty.query(
        "SELECT sum(marks) FROM system.parts WHERE active AND table = 'otel_traces'"
    )
    assert explained.read < int(all_granules)
    by_service = Explained(empty)
    assert found(by_service, service="app-9-v1") == named(9)  # type: ignore[arg-type]
    assert "order" in by_service.used
    by_id = Explained(empty)
    trace = selectors.trace(by_id, *named(9))  # type: ignore[arg-type]
    assert trace is not None
    assert len(trace.spans) == 300
    assert ("order" in by_id.used, by_id.read < explained.read) == (True, True)


def merged(store: Store) -> bool:
    store.execute("OPTIMIZE TABLE {database}.otel_traces FINAL")
    return store.query(
        "SELECT count() FROM system.parts WHERE active AND table = 'otel_traces'"
    ) == [(1,)]
