"""Traces over REST."""

import pytest
from ninja import NinjaAPI
from ninja.testing import TestClient

from rest.errors import handle_errors
from telemetry.store.client import Store, StoreAddress
from tracing import asking, http


@pytest.fixture(scope="module")
def client() -> TestClient:
    api = NinjaAPI(urls_namespace="tracing-tests")
    handle_errors(api)
    api.add_router("", http.router)
    return TestClient(api)


@pytest.fixture
def filled(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "store", lambda: shop)


@pytest.mark.usefixtures("filled")
def test_search_and_read(client: TestClient) -> None:
    page = client.get("/traces?source=storefront-v1&destination=payments-v2&limit=1").json()
    (item,) = page["items"]
    assert item == {
        "trace_id": "06" * 16,
        "root_service": "storefront",
        "root_operation": "GET /",
        "start": item["start"],
        "duration_ms": 24.0,
        "spans": 3,
        "errors": 0,
        "services": [{"name": "storefront", "spans": 2}, {"name": "payments", "spans": 1}],
    }
    following = client.get(
        f"/traces?source=storefront-v1&destination=payments-v2&limit=5&cursor={page['next']}"
    ).json()
    assert [t["trace_id"][:2] for t in following["items"]] == ["04", "02"]
    trace = client.get(f"/traces/{'06' * 16}").json()
    assert [(s["depth"], s["start_ms"], s["duration_ms"]) for s in trace["spans"]] == [
        (0, 0.0, 24.0),
        (1, 6.0, 12.0),
        (2, 6.001, 6.0),
    ]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/traces/services", 200),
        ("/logs?namespace=shop", 200),
        (f"/traces/{'ff' * 16}", 404),
        ("/traces/XYZ", 422),
        (f"/traces/{'FF' * 16}", 422),
        ("/traces?lookback=forever", 422),
        ("/traces?limit=0", 422),
        ("/traces?limit=1001", 422),
        ("/traces?cursor=1", 422),
        (f"/traces?cursor={'9' * 19}-{'0' * 32}", 200),
        ("/traces?service=a%20b", 422),
        ("/traces?min_duration_ms=-1", 422),
        ("/traces?min_duration_ms=nan", 422),
        ("/traces?lookback=999999d", 200),
        ("/logs?trace_id=1", 422),
    ],
)
def test_answers_are_decided_by_values(client: TestClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_an_absent_store_is_an_answer(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = Store(StoreAddress.of_url("http://127.0.0.1:9"))
    monkeypatch.setattr(asking, "store", lambda: nobody)
    answer = client.get("/traces")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
