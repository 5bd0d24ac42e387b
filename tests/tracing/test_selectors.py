"""Questions to a store with traces in it."""

import time

from telemetry.store.client import Store
from tests.tracing.conftest import lost_call
from tracing import selectors
from tracing.contracts import TraceQuery, TraceSummary

HOUR = 3600 * 10**9


def found(store: Store, **what: object) -> list[int]:
    """Numbers of the traces found, in order."""
    now = time.time_ns()
    query = TraceQuery(**{"start_ns": now - HOUR, "end_ns": now, **what})  # type: ignore[arg-type]
    return [int(t.trace_id[:2], 16) for t in selectors.search(store, query).traces]


def test_without_conditions_all_are_found_newest_first(shop: Store) -> None:
    assert found(shop) == [6, 5, 4, 3, 2, 1]


def test_each_condition_narrows(shop: Store) -> None:
    assert found(shop, error=True) == [3]
    assert found(shop, service="payments") == [6, 5, 4, 3, 2, 1]
    assert found(shop, service="payments-v2") == [6, 4, 2]
    assert found(shop, service="shop/payments-v2") == [6, 4, 2]
    assert found(shop, service="elsewhere/payments-v2") == []
    assert found(shop, operation="POST /pay", min_duration_ns=5_000_000) == [6, 5]
    assert found(shop, service="'; DROP TABLE otel_traces") == []
    assert found(shop, end_ns=time.time_ns() - HOUR // 2) == []


def test_an_edge_is_who_called_whom(shop: Store) -> None:
    assert found(shop, source="storefront-v1", destination="payments-v2") == [6, 4, 2]
    assert found(shop, source="shop/storefront", destination="shop/payments", error=True) == [3]
    assert found(shop, source="payments", destination="storefront") == []


def test_an_edge_may_end_at_a_service_that_has_no_spans(shop: Store) -> None:
    lost_call(shop, 101, http_url="http://quotes.carrier.example:80/quote?items=1")
    lost_call(shop, 102, http_url="http://prices.shop:8080/")
    then = time.time_ns() - 2 * HOUR

    def crossed(source: str, destination: str) -> list[int]:
        return found(
            shop, source=source, destination=destination, start_ns=then - 2 * HOUR, end_ns=then
        )

    assert crossed("shop/storefront-v1", "shop/quotes.carrier.example") == [101]
    assert crossed("shop/storefront-v1", "quotes.carrier.example") == [101]
    assert crossed("shop/storefront-v1", "shop/prices") == [102]
    assert crossed("storefront", "prices") == [102]
    assert crossed("shop/storefront", "elsewhere/prices") == []
    assert crossed("shop/payments", "shop/prices") == []
    assert crossed("shop/storefront", "shop/datastore") == []
    assert crossed("shop/storefront", "shop/.*") == []


def test_an_edge_may_begin_at_a_service(shop: Store) -> None:
    assert found(shop, source="shop/payments", destination="shop/payments-v2") == [6, 4, 2]


def test_pages_follow_each_other_without_gap_or_repeat(shop: Store) -> None:
    now = time.time_ns()
    query = TraceQuery(start_ns=now - HOUR, end_ns=now, limit=4)
    first = selectors.search(shop, query)
    assert first.next is not None
    second = selectors.search(
        shop, TraceQuery(start_ns=query.start_ns, end_ns=now, limit=4, after=first.next)
    )
    ids = [int(t.trace_id[:2], 16) for t in (*first.traces, *second.traces)]
    assert (ids, second.next) == ([6, 5, 4, 3, 2, 1], None)


def test_a_summary_says_what_a_list_shows(shop: Store) -> None:
    now = time.time_ns()
    query = TraceQuery(start_ns=now - HOUR, end_ns=now, error=True)
    (summary,) = selectors.search(shop, query).traces
    assert summary == TraceSummary(
        trace_id="03" * 16,
        root_service="storefront",
        root_operation="GET /",
        start_ns=summary.start_ns,
        duration_ns=12_000_000,
        spans=3,
        errors=1,
        services=(("storefront", 2), ("payments", 1)),
    )


def test_a_trace_is_a_tree(shop: Store) -> None:
    trace = selectors.trace(shop, "02" * 16)
    assert trace is not None
    shape = [
        (p.depth, p.span.kind, p.span.service, p.span.workload, p.span.operation)
        for p in trace.spans
    ]
    assert shape == [
        (0, "server", "storefront", "storefront-v1", "GET /"),
        (1, "client", "storefront", "storefront-v1", "payments:8080/*"),
        (2, "server", "payments", "payments-v2", "POST /pay"),
    ]
    assert selectors.trace(shop, "ff" * 16) is None


def test_services_come_with_their_operations(shop: Store) -> None:
    now = time.time_ns()
    assert selectors.services(shop, start_ns=now - HOUR, end_ns=now) == (
        ("shop", "payments", ("POST /pay",)),
        ("shop", "storefront", ("GET /", "payments:8080/*")),
    )
