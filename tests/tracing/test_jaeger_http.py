"""Jaeger's two HTTP APIs over a store with traces in it."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from ninja import NinjaAPI
from ninja.testing import TestClient

from telemetry.store.client import Store
from tracing import asking
from tracing.jaeger.http import handle_errors, router


@pytest.fixture(scope="module")
def client() -> TestClient:
    api = NinjaAPI(urls_namespace="tests.jaeger")
    handle_errors(api)
    api.add_router("", router)
    return TestClient(api)


@pytest.fixture(autouse=True)
def filled(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "store", lambda: shop)


def ask(client: TestClient, path: str, **query: object) -> tuple[int, Any]:
    answer = client.get(f"{path}?{urlencode(query)}")
    return answer.status_code, json.loads(answer.content)


def test_services_and_operations(client: TestClient) -> None:
    _, found = ask(client, "/api/services")
    assert found == {
        "data": ["payments", "storefront"],
        "total": 2,
        "limit": 0,
        "offset": 0,
        "errors": None,
    }
    assert ask(client, "/api/services/payments/operations")[1]["data"] == ["POST /pay"]
    assert ask(client, "/api/operations", service="storefront", spanKind="client")[1]["data"] == [
        {"name": "payments:8080/*", "spanKind": "client"}
    ]
    assert ask(client, "/api/v3/services") == (200, {"services": ["payments", "storefront"]})
    assert ask(client, "/api/v3/operations", service="payments") == (
        200,
        {"operations": [{"name": "POST /pay", "spanKind": "server"}]},
    )


def test_traces_are_found_by_everything_that_jaegers_form_asks(client: TestClient) -> None:
    def found(**query: object) -> list[str]:
        _, answer = ask(client, "/api/traces", **query)
        return [one["traceID"][:2] for one in answer["data"]]

    now = time.time_ns() // 1000
    assert found(service="payments") == ["06", "05", "04", "03", "02", "01"]
    assert found(service="payments", limit=2) == ["06", "05"]
    assert found(service="payments", tags='{"error":"true"}') == ["03"]
    assert found(service="storefront", tag="span.kind:client", minDuration="11ms") == ["06"]
    assert found(service="payments", maxDuration="2.5ms") == ["02", "01"]
    assert found(service="payments", start=now - 10**6, end=now) == []
    assert found(service="payments", operation="GET /") == []
    assert found(traceID="05" * 16) == ["05"]


def test_a_trace_in_both_shapes(client: TestClient) -> None:
    (trace,) = ask(client, f"/api/traces/{'03' * 16}")[1]["data"]
    assert [s["operationName"] for s in trace["spans"]] == ["GET /", "payments:8080/*", "POST /pay"]
    assert [trace["processes"][s["processID"]]["serviceName"] for s in trace["spans"]] == [
        "storefront",
        "storefront",
        "payments",
    ]
    _, answer = ask(client, f"/api/v3/traces/{'03' * 16}")
    groups = answer["result"]["resourceSpans"]
    spans = [s for g in groups for scoped in g["scopeSpans"] for s in scoped["spans"]]
    assert [(s["name"], s["kind"], s["status"]) for s in spans] == [
        ("GET /", 2, {}),
        ("payments:8080/*", 3, {}),
        ("POST /pay", 2, {"code": 2}),
    ]
    _, answer = ask(
        client,
        "/api/v3/traces",
        **{"query.service_name": "payments", "query.attributes": '{"error":true}'},
    )
    assert answer["result"]["resourceSpans"] == groups


def test_dependencies_are_counted(client: TestClient) -> None:
    _, answer = ask(client, "/api/dependencies", endTs=time.time_ns() // 10**6, lookback=3_600_000)
    assert answer["data"] == [{"parent": "storefront", "child": "payments", "callCount": 6}]


def test_performance_is_drawn_from_spans(client: TestClient) -> None:
    query = {
        "service": "payments",
        "endTs": time.time_ns() // 10**6,
        "lookback": 3_600_000,
        "step": 60_000,
        "ratePer": 3_600_000,
    }
    _, calls = ask(client, "/api/metrics/calls", **query)
    assert (calls["name"], calls["type"]) == ("service_call_rate", "GAUGE")
    (series,) = calls["metrics"]
    assert series["labels"] == [{"name": "service_name", "value": "payments"}]
    assert series["metricPoints"][-1]["gaugeValue"]["doubleValue"] == pytest.approx(6 / 3600)
    _, errors = ask(client, "/api/metrics/errors", **query, groupByOperation="true")
    (series,) = errors["metrics"]
    assert (errors["name"], series["labels"][0]) == (
        "service_operation_error_rate",
        {"name": "operation", "value": "POST /pay"},
    )
    assert series["metricPoints"][-1]["gaugeValue"]["doubleValue"] == pytest.approx(1 / 6)
    _, latencies = ask(client, "/api/metrics/latencies", **query, quantile=0.5)
    value = latencies["metrics"][0]["metricPoints"][-1]["gaugeValue"]["doubleValue"]
    assert 3 <= value <= 4
    assert ask(client, "/api/metrics/minstep")[1]["data"] == 5000


@pytest.mark.parametrize(
    ("path", "query", "status", "message"),
    [
        ("/api/traces", {}, 400, "parameter 'service' is required"),
        ("/api/traces", {"service": "s", "limit": "x"}, 400, "'limit'"),
        ("/api/traces", {"service": "s", "start": "yesterday"}, 400, "'start'"),
        ("/api/traces", {"service": "s", "minDuration": "5"}, 400, "'minDuration'"),
        ("/api/traces", {"service": "s", "minDuration": "2s", "maxDuration": "1s"}, 400, "greater"),
        ("/api/traces", {"service": "s", "tag": "x"}, 400, "key:value"),
        ("/api/traces", {"service": "s", "tags": "{"}, 400, "cannot unmarshal"),
        ("/api/traces", {"service": "s", "tags": "[1]"}, 400, "object"),
        ("/api/traces/xyz", {}, 400, "trace_id"),
        (f"/api/traces/{'ee' * 16}", {}, 404, "trace not found"),
        ("/api/operations", {}, 400, "service"),
        ("/api/metrics/calls", {}, 400, "service"),
        ("/api/metrics/calls", {"service": "s", "step": "1"}, 400, "'step'"),
        ("/api/metrics/latencies", {"service": "s"}, 400, "'quantile'"),
        ("/api/metrics/latencies", {"service": "s", "quantile": "7"}, 400, "'quantile'"),
        ("/api/metrics/calls", {"service": "s", "spanKind": "x"}, 400, "'spanKind'"),
    ],
)
def test_what_cannot_be_answered_is_said_as_jaeger_says_it(
    client: TestClient, path: str, query: dict[str, str], status: int, message: str
) -> None:
    got, answer = ask(client, path, **query)
    assert (got, answer["data"], answer["errors"][0]["code"]) == (status, None, status)
    assert message in answer["errors"][0]["msg"]


def test_version_3_has_errors_of_its_own(client: TestClient) -> None:
    assert ask(client, f"/api/v3/traces/{'ee' * 16}") == (
        404,
        {"error": {"httpCode": 404, "message": "trace not found"}},
    )
    status, answer = ask(client, "/api/v3/traces", **{"query.start_time_min": "noon"})
    assert (status, "RFC 3339" in answer["error"]["message"]) == (400, True)


def test_otlp_is_transformed_without_being_stored(client: TestClient) -> None:
    document = {
        "resourceSpans": [
            {"scopeSpans": [{"spans": [{"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "2"}]}]}
        ]
    }
    answer = client.post("/api/transform", json=document)
    (trace,) = json.loads(answer.content)["data"]
    assert trace["processes"]["p1"]["serviceName"] == "OTLPResourceNoServiceName"
    assert client.post("/api/transform", json=[1]).status_code == 400
