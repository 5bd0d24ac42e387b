"""A list tells of a trace what its row in the store says, or what its spans do: the same."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.rows import SPAN_COLUMNS, span_row
from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.stack import empty_store
from tracing.contracts import TraceSummary
from tracing.summaries import MOST_TOLD, summaries, told

SECOND = 10**9
START = time.time_ns() // SECOND * SECOND - 3600 * SECOND
TRACE = (7).to_bytes(16, "big")
AT = "2026-01-01 00:00:0"
"""And a digit: a second."""


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with empty_store(tmp_path) as store:
        yield store


def put(store: Store, token: str, *spans: Span, service: str = "shop") -> None:
    request = trace_request(*spans, resource={"service.name": service})
    decoded = decode_spans(request.SerializeToString())
    assert isinstance(decoded, tuple)
    store.insert("otel_traces", SPAN_COLUMNS, map(span_row, decoded), token=token)


def made(number: int, name: str, at_ms: int, parent: int = 0, *, error: bool = False) -> Span:
    return span(
        name,
        trace_id=TRACE,
        span_id=number.to_bytes(8, "big"),
        parent_id=parent.to_bytes(8, "big") if parent else b"",
        start_ns=START + at_ms * 10**6,
        duration_ns=10**7,
        error=error,
    )


def listed(store: Store) -> TraceSummary:
    (found,) = summaries(store, [TRACE.hex(), "ff" * 16])
    return found


def expected(spans: int, errors: int, shop: int, stock: int) -> TraceSummary:
    return TraceSummary(
        trace_id=TRACE.hex(),
        root_service="shop",
        root_operation="GET /",
        start_ns=START,
        duration_ns=310 * 10**6,
        spans=spans,
        errors=errors,
        services=(("shop", shop), ("stock", stock)),
    )


def test_parts_of_a_trace_that_come_apart_and_twice_are_one_summary(empty: Store) -> None:
    migrate(empty)
    put(empty, "1", made(2, "ask", 100, 1), made(1, "GET /", 0))
    put(empty, "2", made(3, "take", 200, 2, error=True), service="stock")
    put(empty, "3", made(3, "take", 200, 2, error=True), made(4, "give", 300, 2), service="stock")
    assert listed(empty) == expected(4, 1, shop=2, stock=2)


def test_what_an_earlier_schema_kept_of_a_trace_is_counted_with_the_rest(empty: Store) -> None:
    migrate(empty, up_to=6)
    put(empty, "1", made(2, "ask", 100, 1), made(1, "GET /", 0))
    migrate(empty)
    put(empty, "2", made(3, "take", 200, 2, error=True), made(4, "give", 300, 2), service="stock")
    assert listed(empty) == expected(4, 1, shop=2, stock=2)
    empty.execute("OPTIMIZE TABLE {database}.trace_times FINAL")
    assert listed(empty) == expected(4, 1, shop=2, stock=2)


def test_a_trace_of_very_many_spans_is_counted(empty: Store) -> None:
    migrate(empty)
    many = [made(n, f"call {n}", 200, 1) for n in range(3, 3 + MOST_TOLD)]
    put(empty, "1", made(1, "GET /", 0), made(2, "ask", 300, 1))
    put(empty, "2", *many, service="stock")
    found = listed(empty)
    assert (found.spans, found.root_operation) == (MOST_TOLD + 2, "GET /")
    assert found.services == (("stock", MOST_TOLD), ("shop", 2))


def test_without_a_root_the_earliest_span_stands_for_it(empty: Store) -> None:
    migrate(empty)
    put(empty, "1", made(2, "GET /", 0, 1), made(3, "later", 1, 2), made(4, "last", 300, 2))
    put(empty, "2", made(5, "take", 200, 2), service="stock")
    assert listed(empty) == expected(4, 0, shop=3, stock=1)


def mark(number: int, *, failed: bool = False, parentless: bool = False) -> int:
    return number << 3 | 1 | 2 * failed | 4 * parentless


ROOT = ["shop", "GET /", f"{AT}1", mark(1, parentless=True)]
CHILD = ["stock", "take", f"{AT}0", mark(2, failed=True)]


def test_the_root_is_the_one_without_a_parent_though_another_clock_is_behind() -> None:
    assert told("a", 5, 6, [CHILD, ROOT]) == TraceSummary(
        trace_id="a",
        root_service="shop",
        root_operation="GET /",
        start_ns=5,
        duration_ns=6,
        spans=2,
        errors=1,
        services=(("shop", 1), ("stock", 1)),
    )


@pytest.mark.parametrize(
    "spans",
    [
        [],
        [ROOT, [*CHILD[:3], 0]],
        [ROOT, ["shop", "POST /", f"{AT}1", mark(3, parentless=True)]],
        [CHILD, ["shop", "GET /", f"{AT}0", mark(3)]],
        [ROOT] * (MOST_TOLD + 1),
    ],
    ids=["none are known", "of an earlier schema", "two roots", "no root", "too many"],
)
def test_a_row_that_does_not_say_it_leaves_it_to_the_spans(spans: list[list[object]]) -> None:
    assert told("a", 5, 6, spans) is None
