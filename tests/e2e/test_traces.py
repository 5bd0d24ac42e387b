"""One page view is one trace with all its hops."""

import json
import secrets
from typing import Any

from tests.e2e.running import Running
from tests.e2e.waiting import eventually

PAGE_VIEWS = 3
HOPS = frozenset(
    {"istio-ingressgateway", "storefront", "catalogue", "reviews", "cart", "recommendations"}
)


def page_view(mesh: Running, path: str) -> tuple[str, Any]:
    """A traced request: its trace id, and what the page says of who served it."""
    trace_id = secrets.token_hex(16)
    parent = f"00-{trace_id}-{secrets.token_hex(8)}-01"
    answer = mesh.ingress.get(path, traceparent=parent, accept="application/json")
    assert answer.status == 200
    return trace_id, json.loads(answer.body)


def test_a_trace_of_a_page_view_has_all_its_hops(mesh: Running) -> None:
    for _ in range(PAGE_VIEWS):
        trace_id, page = page_view(mesh, "/product/lamp")
        hops = HOPS | ({"ratings"} if "ratings" in page["served"] else set())

        def whole(trace_id: str = trace_id, hops: frozenset[str] = hops) -> Any:
            trace = mesh.api.trace(trace_id)
            assert {span["service"] for span in trace["spans"]} == hops
            return trace

        trace = eventually("the trace is whole", whole, within=10, every=0.3)
        spans = {span["span_id"]: span for span in trace["spans"]}
        roots = [s for s in spans.values() if s["parent_id"] not in spans]
        assert [root["service"] for root in roots] == ["istio-ingressgateway"]
        assert callers(spans) >= {
            ("istio-ingressgateway", "storefront"),
            ("storefront", "catalogue"),
            ("storefront", "cart"),
            ("storefront", "recommendations"),
            ("catalogue", "reviews"),
        }


def callers(spans: dict[str, Any]) -> set[tuple[str, str]]:
    """(caller, called) for every pair of services that a span crosses."""
    return {
        (spans[span["parent_id"]]["service"], span["service"])
        for span in spans.values()
        if span["parent_id"] in spans
    }


def test_traces_are_found_by_edge(mesh: Running) -> None:
    def found() -> Any:
        return mesh.api.items("/traces", source="storefront", destination="catalogue")

    assert eventually("traces of an edge are found", found, within=10)[0]["spans"] >= 6
