"""One page view is one trace with all its hops."""

import time
from typing import Any

from tests.e2e.running import Running
from tests.e2e.waiting import eventually

PAGE_VIEWS = 100
"""One in ten is traced: none at all happens once in 37,000 runs."""

HOPS = frozenset(
    {
        "istio-ingressgateway",
        "storefront",
        "catalogue",
        "reviews",
        "ratings",
        "cart",
        "recommendations",
    }
)
CALLS = frozenset(
    {
        ("istio-ingressgateway", "storefront"),
        ("storefront", "catalogue"),
        ("storefront", "cart"),
        ("storefront", "recommendations"),
        ("catalogue", "reviews"),
        ("reviews", "ratings"),
    }
)


def test_a_trace_of_a_page_view_has_all_its_hops(mesh: Running) -> None:
    mesh.visitors.pause()
    mesh.api.weights("reviews", v1=0, v2=100, v3=0)
    time.sleep(1)
    began = time.time()
    assert all(a.status == 200 for a in mesh.ingress.burst("/product/clock", PAGE_VIEWS, 8))

    def whole() -> list[Any]:
        found = mesh.api.items("/traces", service="istio-ingressgateway", lookback="5m")
        traces = [mesh.api.trace(t["trace_id"]) for t in found if t["start"] >= began]
        assert traces
        for trace in traces:
            assert {span["service"] for span in trace["spans"]} == HOPS
        return traces

    for trace in eventually("the traces of page views are whole", whole, within=10, every=0.5):
        spans = {span["span_id"]: span for span in trace["spans"]}
        roots = [s for s in spans.values() if s["parent_id"] not in spans]
        assert [root["service"] for root in roots] == ["istio-ingressgateway"]
        assert callers(spans) == CALLS
    mesh.api.weights("reviews", v1=60, v2=20, v3=20)


def callers(spans: dict[str, Any]) -> set[tuple[str, str]]:
    """(caller, called) for every pair of services that a span crosses."""
    return {
        (spans[span["parent_id"]]["service"], span["service"])
        for span in spans.values()
        if span["parent_id"] in spans and spans[span["parent_id"]]["service"] != span["service"]
    }


def test_traces_are_found_by_edge(mesh: Running) -> None:
    def found() -> Any:
        return mesh.api.items("/traces", source="storefront", destination="catalogue")

    assert eventually("traces of an edge are found", found, within=10)[0]["spans"] >= 6
