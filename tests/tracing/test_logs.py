"""Logs of proxies and applications merged with spans."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ninja import NinjaAPI
from ninja.testing import TestClient

from rest.errors import handle_errors
from telemetry.ingest.rows import LOG_COLUMNS, log_row
from telemetry.ingest.values import LogRecord, Resource
from telemetry.store.client import Store
from tracing import asking, http

SECOND = 10**9
NOW = time.time_ns()
TRACE = "05" * 16


def record(age: int, body: str, *, access: bool = False, **attributes: str) -> LogRecord:
    resource = Resource("payments", "shop", "payments-v2", {})
    words = {"reporter": "destination", **attributes} if access else attributes
    return LogRecord(NOW - age * SECOND, TRACE, "03" * 8, "INFO", body, resource, words)


@pytest.fixture(scope="module")
def logged(shop: Store) -> Iterator[Store]:
    records = [
        record(300, "card refused", user="Ann"),
        record(300, "card refused again"),
        record(200, "", access=True, path="/PAY"),
        record(400, "started"),
    ]
    shop.insert("access_logs", LOG_COLUMNS, map(log_row, records), token="logs")
    yield shop
    shop.execute("TRUNCATE TABLE {database}.access_logs")


@pytest.fixture(scope="module")
def api() -> TestClient:
    made = NinjaAPI(urls_namespace="tests.tracing.logs")
    handle_errors(made)
    made.add_router("", http.router)
    return TestClient(made)


@pytest.fixture
def client(api: TestClient, logged: Store, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(asking, "store", lambda: logged)
    return api


def told(client: TestClient, query: str) -> list[tuple[str, str]]:
    return [(e["kind"], e["body"]) for e in client.get(f"/logs?{query}").json()["items"]]


def test_records_are_merged_newest_first(client: TestClient) -> None:
    assert told(client, "workload=payments-v2&namespace=shop") == [
        ("access", ""),
        ("log", "card refused"),
        ("log", "card refused again"),
        ("log", "started"),
    ]
    assert told(client, "workload=storefront-v1") == []


def test_spans_stand_between_them(client: TestClient) -> None:
    found = told(client, f"trace_id={TRACE}&kind=span&kind=log&kind=access")
    assert [kind for kind, _ in found].count("span") == 3
    assert len(found) == 7


def test_text_is_found_in_bodies_and_attributes(client: TestClient) -> None:
    assert told(client, "q=CARD") == [("log", "card refused"), ("log", "card refused again")]
    assert told(client, "q=ann") == [("log", "card refused")]
    assert told(client, "q=/pay&kind=access") == [("access", "")]
    assert told(client, "q=%27%3B+DROP") == []


def test_pages_follow_each_other_through_one_moment(client: TestClient) -> None:
    found: list[Any] = []
    cursor = ""
    while True:
        page = client.get(f"/logs?limit=1&cursor={cursor}").json()
        found += [entry["body"] for entry in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert found == ["", "card refused", "card refused again", "started"]


@pytest.mark.parametrize("query", ["kind=x", "limit=0", "cursor=5", "end=-1", f"q={'x' * 600}"])
def test_what_cannot_be_asked_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/logs?{query}").status_code == 422
