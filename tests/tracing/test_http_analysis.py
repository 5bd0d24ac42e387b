"""REST of what traces have in common, over a store with traces in it."""

import pytest
from ninja import NinjaAPI
from ninja.testing import TestClient

from rest.errors import handle_errors
from telemetry.store.client import Store
from tracing import asking, http


@pytest.fixture(scope="module")
def client() -> TestClient:
    api = NinjaAPI(urls_namespace="tests.tracing.analysis")
    handle_errors(api)
    api.add_router("", http.router)
    return TestClient(api)


@pytest.fixture(autouse=True)
def filled(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "store", lambda: shop)


def test_words_find_traces(client: TestClient) -> None:
    page = client.get("/traces", query_params={"q": "service=payments AND error"}).json()
    assert [t["trace_id"][:2] for t in page["items"]] == ["03"]


@pytest.mark.parametrize(
    ("words", "said"),
    [("error AND", "at character 10"), ('a=~"("', "not a pattern"), ("duration>5", "no duration")],
)
def test_words_that_cannot_be_read_say_why(client: TestClient, words: str, said: str) -> None:
    answer = client.get("/traces", query_params={"q": words})
    assert answer.status_code == 422
    assert said in answer.json()["message"]


def test_a_trace_says_what_it_waited_for(client: TestClient) -> None:
    trace = client.get(f"/traces/{'06' * 16}").json()
    assert [span["self_ms"] for span in trace["spans"]] == [12.0, 6.0, 6.0]
    path = [(one["span"], one["start_ms"], one["end_ms"]) for one in trace["critical_path"]]
    assert path == [(0, 18.0, 24.0), (1, 12.001, 18.0), (2, 6.001, 12.001), (1, 6.0, 6.001), (0, 0.0, 6.0)]  # fmt: skip


def test_two_traces_are_laid_side_by_side(client: TestClient) -> None:
    steps = client.get(f"/traces/compare?a={'01' * 16}&b={'03' * 16}").json()["items"]
    assert [(s["depth"], s["operation"], s["a"]["total_ms"], s["b"]["errors"]) for s in steps] == [
        (0, "GET /", 4.0, 0),
        (1, "payments:8080/*", 2.0, 0),
        (2, "POST /pay", 1.0, 1),
    ]
    assert client.get(f"/traces/compare?a={'01' * 16}&b={'ee' * 16}").status_code == 404


def test_operations_cost_self_time(client: TestClient) -> None:
    items = client.get("/traces/statistics?limit=100").json()["items"]
    first = items[0]
    assert (first["operation"], first["spans"], first["self_ms"], first["p50_ms"]) == (
        "GET /",
        6,
        42.0,
        12.0,
    )
    assert sum(one["self_share"] for one in items) == pytest.approx(1)


def test_slow_traces_are_held_against_fast_ones(client: TestClient) -> None:
    found = client.get("/traces/groups?slow_ms=16&q=service%3Dpayments&limit=100").json()
    assert (found["fast"], found["slow"]) == (3, 3)
    assert found["operations"][0]["operation"] == "GET /"
    assert found["operations"][0]["added_ms"] == pytest.approx(6.0)
    telling = {(a["key"], a["value"]): a["slow_share"] for a in found["attributes"]}
    assert telling[("k8s.deployment.name", "payments-v2")] == pytest.approx(2 / 3)
    assert client.get("/traces/groups?service=nobody").json()["operations"] == []


def test_dependencies_are_calls_between_services(client: TestClient) -> None:
    (found,) = client.get("/traces/dependencies").json()["items"]
    assert (found["parent"], found["child"], found["calls"], found["errors"]) == (
        "storefront",
        "payments",
        6,
        1,
    )


def test_keys_and_values_are_offered(client: TestClient) -> None:
    keys = client.get("/traces/attributes?prefix=up").json()["items"]
    assert keys == [{"text": "upstream_cluster.name", "spans": 6}]
    values = client.get("/traces/attributes/values?key=k8s.deployment.name&prefix=pay").json()
    assert values["items"] == [
        {"text": "payments-v1", "spans": 3},
        {"text": "payments-v2", "spans": 3},
    ]
    assert client.get("/traces/attributes/values").status_code == 422
