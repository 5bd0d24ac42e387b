"""The registry over REST."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ninja import NinjaAPI
from ninja.testing import TestClient

from rest.contracts import Finding, Severity
from rest.errors import handle_errors
from routing.contracts import Document, ResourceKey
from topology import facade, services
from topology.contracts import (
    PodPhase,
    PodReport,
    Registry,
    Service,
    ServiceRouting,
    Workload,
)
from topology.http import router

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TROUBLE = Finding(
    code="MSH1", severity=Severity.WARNING, resource="VirtualService shop/x", path="", message="hm"
)


class Canary:
    """A configuration that sends 90 % of everything to v1."""

    def mtls(self, _namespace: str, workload: Workload | None = None) -> str:
        return "STRICT" if workload else "PERMISSIVE"

    def service(self, _service: Service) -> ServiceRouting:
        return ServiceRouting(
            mtls="STRICT",
            weights=(("v1", 90), ("v2", 10)),
            weights_editable=True,
            resources=("VirtualService shop/x",),
            findings=(TROUBLE,),
        )


class Operator:
    name = "olga"

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def may_write(self, namespace: str) -> bool:
        return namespace == self._namespace

    def may_write_something(self) -> bool:
        return True

    def is_admin(self) -> bool:
        return False


def view(_registry: Registry) -> Canary:
    return Canary()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(services, "publish_hint", lambda: None)
    facade.apply_manifests([deployment("v1"), deployment("v2"), SERVICE])
    facade.reconcile(NOW)
    first, second = facade.registry().pods
    up = PodReport(uid=first.uid, phase=PodPhase.RUNNING, ready=True)
    down = replace(up, uid=second.uid, ready=False, restarts=2, message="it crashed")
    facade.report_pods("local", [up, down], now=NOW)
    api = NinjaAPI(urls_namespace="topology-tests")
    handle_errors(api)
    api.add_router("", router(view))
    return TestClient(api)


def deployment(version: str) -> Document:
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"app": "x"}},
        "template": {
            "metadata": {"labels": {"app": "x", "version": version}},
            "spec": {"containers": [{"name": "c", "command": ["run"]}]},
        },
    }
    return Document(
        key=ResourceKey("Deployment", "shop", f"x-{version}"), api_version="apps/v1", spec=spec
    )


SERVICE = Document(
    key=ResourceKey("Service", "shop", "x"),
    api_version="v1",
    spec={"selector": {"app": "x"}, "ports": [{"name": "http", "port": 80}]},
)
PORTS = [{"name": "http", "number": 80, "protocol": "http"}]


def test_namespaces_are_counted(client: TestClient) -> None:
    assert client.get("/namespaces").json() == {
        "items": [
            {
                "name": "shop",
                "mtls": "PERMISSIVE",
                "services": 1,
                "workloads": 2,
                "pods_ready": 1,
                "pods_total": 2,
            }
        ],
        "next": None,
    }


def test_a_service_is_listed_with_its_versions_and_shown_with_their_weights(
    client: TestClient,
) -> None:
    own = {
        "namespace": "shop",
        "name": "x",
        "host": "x.shop.svc.cluster.local",
        "ports": PORTS,
        "pods_ready": 1,
        "pods_total": 2,
        "health": "degraded",
    }
    assert client.get("/services?namespace=shop").json()["items"] == [
        {**own, "versions": ["v1", "v2"]}
    ]
    assert client.get("/services?namespace=other").json()["items"] == []
    assert client.get("/services/shop/x").json() == {
        **own,
        "versions": [
            {"version": "v1", "workload": "x-v1", "pods_ready": 1, "pods_total": 1, "weight": 90},
            {"version": "v2", "workload": "x-v2", "pods_ready": 0, "pods_total": 1, "weight": 10},
        ],
        "weights_editable": True,
        "mtls": "STRICT",
        "resources": ["VirtualService shop/x"],
        "findings": [
            {
                "code": "MSH1",
                "severity": "warning",
                "resource": "VirtualService shop/x",
                "path": "",
                "message": "hm",
                "fix": "",
            }
        ],
    }
    assert client.get("/services/shop/y").status_code == 404


def test_workloads_tell_their_trouble(client: TestClient) -> None:
    said = client.get("/workloads").json()["items"]
    assert [
        (w["name"], w["version"], w["pods_ready"], w["restarts"], w["mtls"], w["message"])
        for w in said
    ] == [
        ("x-v1", "v1", 1, 0, "STRICT", ""),
        ("x-v2", "v2", 0, 2, "STRICT", "it crashed"),
    ]


def test_pods_are_paged(client: TestClient) -> None:
    first = client.get("/pods?limit=1").json()
    second = client.get(f"/pods?limit=1&cursor={first['next']}").json()
    pods = [*first["items"], *second["items"]]
    assert [(p["workload"], p["ready"], p["started_at"]) for p in pods] == [
        ("x-v1", True, "2026-01-01T00:00:00Z"),
        ("x-v2", False, "2026-01-01T00:00:00Z"),
    ]
    assert second["next"] is None
    assert len(client.get("/pods?workload=x-v2").json()["items"]) == 1


def test_a_pod_is_ended_by_who_may(client: TestClient) -> None:
    name = facade.registry().pods[0].name
    refused = client.delete(f"/pods/shop/{name}", auth=Operator("other"))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert client.delete(f"/pods/shop/{name}", auth=Operator("shop")).status_code == 204
    assert facade.registry().pods[0].phase is PodPhase.TERMINATING
    missing = client.delete("/pods/shop/nobody", auth=Operator("shop"))
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
