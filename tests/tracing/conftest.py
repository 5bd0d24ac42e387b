"""A store filled with traces of a small shop."""

import time
from collections.abc import Iterator

import pytest

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.rows import SPAN_COLUMNS, span_row
from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.stack import Stack

SECOND = 1_000_000_000


def resource(app: str, workload: str) -> dict[str, str]:
    return {"service.name": app, "k8s.namespace.name": "shop", "k8s.deployment.name": workload}


def page_view(store: Store, number: int, *, version: str = "v1", error: bool = False) -> None:
    """SERVER at the storefront, CLIENT of the storefront, SERVER at payments; twice as long each time."""
    trace_id = bytes([number]) * 16
    start = time.time_ns() - 600 * SECOND + number * SECOND
    unit = number * 1_000_000
    attributes = {"upstream_cluster.name": "outbound|8080|v1|payments.shop.svc.cluster.local"}
    client = span("payments:8080/*", attributes=attributes, trace_id=trace_id, span_id=b"\2" * 8, parent_id=b"\1" * 8, start_ns=start + unit, duration_ns=2 * unit, kind=3)  # fmt: skip
    for app, workload, one in (
        ("storefront", "storefront-v1", span("GET /", trace_id=trace_id, span_id=b"\1" * 8, start_ns=start, duration_ns=4 * unit)),
        ("storefront", "storefront-v1", client),
        ("payments", f"payments-{version}", span("POST /pay", trace_id=trace_id, span_id=b"\3" * 8, parent_id=b"\2" * 8, start_ns=start + unit + 1000, duration_ns=unit, error=error)),
    ):  # fmt: skip
        request = trace_request(one, resource=resource(app, workload))
        spans = decode_spans(request.SerializeToString())
        assert isinstance(spans, tuple)
        rows = map(span_row, spans)
        store.insert("otel_traces", SPAN_COLUMNS, rows, token=f"{number}-{one.span_id.hex()}")


def lost_call(store: Store, number: int, **attributes: str) -> None:
    """A call of the storefront three hours ago that left no other span."""
    start = time.time_ns() - 3 * 3600 * SECOND
    called = {key.replace("_", "."): value for key, value in attributes.items()}
    one = span("call", trace_id=bytes([number]) * 16, span_id=b"\2" * 8, start_ns=start, kind=3, attributes=called)  # fmt: skip
    request = trace_request(one, resource=resource("storefront", "storefront-v1"))
    spans = decode_spans(request.SerializeToString())
    assert isinstance(spans, tuple)
    store.insert("otel_traces", SPAN_COLUMNS, map(span_row, spans), token=f"lost-{number}")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Traces 1 to 6; the even ones use payments v2, the third failed there."""
    stack = Stack(tmp_path_factory.mktemp("t"))
    try:
        store = stack.start_store()
        migrate(store)
        for number in range(1, 7):
            page_view(store, number, version="v2" if number % 2 == 0 else "v1", error=number == 3)
        yield store
        store.close()
    finally:
        stack.stop()
