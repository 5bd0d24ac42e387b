"""One trace from a request to each proxy's answer, whoever is killed on the way."""

import json
import secrets
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.api import exchange
from tests.e2e.running import Running
from tests.e2e.test_bad_input import NACKED
from tests.e2e.waiting import eventually

WEIGHTS = "/namespaces/shop/services/reviews/weights"
PUT = "PUT api/v1/namespaces/<namespace>/services/<name>/weights"


def steered(mesh: Running, trace_id: str, **weights: int) -> Any:
    """The answer to a change that belongs to the caller's trace, when all proxies have it."""
    answer = exchange(
        "PUT",
        f"{mesh.url}/api/v1{WEIGHTS}?wait=converged&timeout=20s",
        json.dumps(weights).encode(),
        {
            "Authorization": f"Bearer {mesh.api.token}",
            "Content-Type": "application/json",
            "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01",
        },
    )
    assert answer.status == 200, answer
    assert answer.body["state"] == "converged", answer
    return answer.body


def told(mesh: Running, trace_id: str, spans: frozenset[str]) -> dict[str, Any]:
    """The trace by the names of its spans, once all of these are there; pushes by their proxy."""

    def whole() -> dict[str, Any]:
        found = mesh.api.trace(trace_id)["spans"]
        by_id = {span["span_id"]: span for span in found}
        named = {}
        for span in found:
            parent = by_id.get(span["parent_id"])
            name = span["attributes"].get("meshweb.proxy", span["operation"])
            named[name] = {**span, "parent": parent["operation"] if parent else None}
        return named if spans <= named.keys() else {}

    return eventually("the trace is whole", whole, within=15, every=0.5)


def test_a_change_is_one_trace_from_the_request_to_each_proxys_answer(mesh: Running) -> None:
    trace_id = secrets.token_hex(16)
    written = steered(mesh, trace_id, v1=61, v2=39, v3=0)
    proxies = frozenset(one["id"] for one in written["proxies"])
    spans = told(mesh, trace_id, proxies | {"roll out revision", PUT, "PUBLISH"})

    assert written["trace_id"] == trace_id
    assert mesh.api.get(f"/revisions/{written['revision']}")["trace_id"] == trace_id
    chain = {
        "apply": PUT,
        "check": "apply",
        "write revision": "apply",
        "apply_async/routing.tasks.publish_revision": "apply",
        "run/routing.tasks.publish_revision": "apply_async/routing.tasks.publish_revision",
        "PUBLISH": "run/routing.tasks.publish_revision",
        "roll out revision": "write revision",
        "plan": "roll out revision",
        "read": "plan",
        "compile": "plan",
        "make snapshots": "plan",
        **dict.fromkeys(proxies, "roll out revision"),
        "wait until converged": PUT,
    }
    assert {name: spans[name]["parent"] for name in chain} == chain
    assert {spans[name]["service"] for name in chain} == {
        "meshweb-web",
        "meshweb-worker",
        "meshweb-control",
    }
    pushed = [spans[one] for one in proxies]
    assert {span["attributes"]["xds.types"] for span in pushed} == {'["rds"]'}
    assert all(int(span["attributes"]["xds.bytes"]) > 0 for span in pushed)
    assert all(span["attributes"]["xds.rds.version"] for span in pushed)
    assert {tuple(e["name"] for e in span["events"]) for span in pushed} == {
        ("sent", "acknowledged")
    }


def test_a_killed_worker_costs_the_trace_its_hint_alone(mesh: Running) -> None:
    trace_id = secrets.token_hex(16)
    old = mesh.kill("worker")
    written = steered(mesh, trace_id, v1=62, v2=38, v3=0)
    proxies = frozenset(one["id"] for one in written["proxies"])
    spans = told(mesh, trace_id, proxies | {"roll out revision", PUT})
    assert {spans[one]["parent"] for one in proxies} == {"roll out revision"}
    assert spans["roll out revision"]["parent"] == "write revision"
    eventually("the worker runs again", lambda: mesh.pid("worker") not in (None, old), 10)


def test_what_envoy_refuses_ends_its_trace_with_envoys_words(mesh: Running) -> None:
    answer = mesh.api.call("POST", "/apply", NACKED, wait="converged", timeout="60s")
    assert answer.status == 422, answer
    number = next(
        one["number"] for one in mesh.api.items("/revisions") if one["state"] == "rejected"
    )
    trace_id = mesh.api.get(f"/revisions/{number}")["trace_id"]
    told(mesh, trace_id, frozenset({"roll out revision", "take back"}))

    def named(operation: str) -> list[Any]:
        found: list[Any] = mesh.api.trace(trace_id)["spans"]
        return [span for span in found if span["operation"] == operation]

    # the revision that takes it back goes on in the same trace
    eventually("both are told", lambda: len(named("roll out revision")) == 2, 10, every=0.5)
    refused, carried = sorted(named("roll out revision"), key=lambda span: span["start_ms"])
    assert (refused["status"], carried["status"]) == ("error", "unset")
    assert "NO_SUCH_THING" in refused["message"]
    tried = next(span for span in named("try") if span["status"] == "error")
    assert tried["attributes"]["meshweb.command"] == "envoy --mode validate"
    assert tried["attributes"]["meshweb.outcome"] == "refused"
    mesh.api.accepted("DELETE", "/namespaces/shop/DestinationRule/ratings")


@pytest.mark.parametrize("own", [False, True])
def test_meshwebs_own_processes_are_told_of_where_one_asks(mesh: Running, own: bool) -> None:
    services = mesh.api.items("/traces/services", own=str(own).lower())
    ours = {one["name"] for one in services if one["namespace"] == "meshweb-system"}
    assert ("meshweb-control" in ours) is own
    names = exchange(
        "GET",
        f"{mesh.url}/jaeger/api/services",
        headers={"Authorization": f"Bearer {mesh.api.token}"},
    ).body["data"]
    assert {"meshweb-web", "meshweb-control", "meshweb-worker"} <= set(names)


def test_their_logs_and_numbers_are_in_the_store(mesh: Running) -> None:
    lines = mesh.api.items("/logs", namespace="meshweb-system", workload="meshweb-control")
    assert any("proxies to be told" in one["body"] for one in lines)

    def counted(query: str) -> bool:
        url = f"{mesh.url}/prometheus/api/v1/query?query={quote(query)}"
        found = exchange("GET", url, headers={"Authorization": f"Bearer {mesh.api.token}"}).body
        return len(found["data"]["result"]) == 1

    for query in (
        'sum(meshweb_http_request_duration_seconds_count{job="meshweb-web",method="PUT"}) > 0',
        'sum(meshweb_task_duration_seconds_count{job="meshweb-worker",outcome="success"}) > 0',
        'sum(meshweb_task_queue_length{job="meshweb-worker"}) >= 0',
        'sum(meshweb_ingest_requests_total{job="meshweb-collector",outcome="taken"}) > 0',
        'sum(meshweb_store_request_duration_seconds_count{job="meshweb-collector",kind="insert"}) > 0',
        'sum(pilot_xds{job="meshweb-control"}) > 0',
        'sum(process_resident_memory_bytes{job="meshweb-agent"}) > 0',
    ):
        eventually(query, lambda q=query: counted(q), within=20, every=1)  # type: ignore[misc]
