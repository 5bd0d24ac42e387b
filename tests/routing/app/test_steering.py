"""Weights, mTLS modes and replicas: first-class controls over Istio's resources."""

from typing import Any

import pytest

from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, Api, strict

pytestmark = pytest.mark.django_db

WEIGHTS = "/namespaces/shop/services/payments/weights"
MESH, NAMESPACE = "/mtls", "/namespaces/shop/mtls"
WORKLOAD = "/namespaces/shop/workloads/payments-v1/mtls"


@pytest.fixture
def shop(operator: Api) -> Api:
    operator.apply(MANIFESTS)
    return operator


def spec(api: Api, kind: str, name: str, namespace: str = "shop") -> Any:
    return api.get(f"/namespaces/{namespace}/{kind}/{name}").json()["spec"]


def test_weights_make_the_resources_that_are_missing(shop: Api) -> None:
    response = shop.put(WEIGHTS, {"v1": 90, "v2": 10})
    assert response.status_code == 202, response.content
    assert spec(shop, "DestinationRule", "payments") == {
        "host": "payments",
        "subsets": [
            {"name": "v1", "labels": {"version": "v1"}},
            {"name": "v2", "labels": {"version": "v2"}},
        ],
    }
    assert spec(shop, "VirtualService", "payments") == {
        "hosts": ["payments"],
        "http": [
            {
                "route": [
                    {"destination": {"host": "payments", "subset": "v1"}, "weight": 90},
                    {"destination": {"host": "payments", "subset": "v2"}, "weight": 10},
                ]
            }
        ],
    }
    assert shop.get(WEIGHTS).json() == {"v1": 90, "v2": 10}
    assert (
        shop.get("/revisions/2").json()["message"] == "Weights of shop/payments: v1 90 %, v2 10 %"
    )


def test_weights_edit_the_default_route_and_keep_the_rest(shop: Api) -> None:
    matched = ROUTE.replace(
        "  http:\n",
        "  http:\n"
        "  - match: [{uri: {prefix: /admin}}]\n"
        "    route: [{destination: {host: payments, subset: v1}}]\n",
    )
    shop.apply(f"{RULE}---\n{matched}")
    shop.put(WEIGHTS, {"v1": 0, "v2": 100})
    assert spec(shop, "VirtualService", "payments")["http"] == [
        {
            "match": [{"uri": {"prefix": "/admin"}}],
            "route": [{"destination": {"host": "payments", "subset": "v1"}}],
        },
        {
            "timeout": "3s",
            "route": [
                {"destination": {"host": "payments", "subset": "v1"}, "weight": 0},
                {"destination": {"host": "payments", "subset": "v2"}, "weight": 100},
            ],
        },
    ]


def test_weights_use_subsets_by_their_version_whatever_they_are_called(shop: Api) -> None:
    rule = RULE.replace("name: v1,", "name: stable,").replace("name: v2,", "name: canary,")
    shop.apply(rule)
    shop.put(WEIGHTS, {"v1": 75, "v2": 25})
    route = spec(shop, "VirtualService", "payments")["http"][0]["route"]
    assert [(one["destination"]["subset"], one["weight"]) for one in route] == [
        ("stable", 75),
        ("canary", 25),
    ]
    assert shop.get(WEIGHTS).json() == {"v1": 75, "v2": 25}


@pytest.mark.parametrize(
    ("weights", "path"),
    [
        ({"v1": 50, "v9": 50}, "v9"),
        ({"v1": 50, "v2": 49}, ""),
        ({"v1": 110, "v2": -10}, "body.shares.v1"),
        ({"v1": 99.5, "v2": 0.5}, "body.shares.v1"),
        ({"v1": True, "v2": 99}, "body.shares.v1"),
        ({}, ""),
    ],
)
def test_weights_that_cannot_be_are_refused(shop: Api, weights: Any, path: str) -> None:
    response = shop.put(WEIGHTS, weights)
    assert (response.status_code, response.json()["path"]) == (422, path)
    assert shop.get("/revisions").json()["items"][0]["number"] == 1


def test_a_route_without_a_default_is_ambiguous(shop: Api) -> None:
    matched = ROUTE.replace("  - timeout: 3s\n", "  - match: [{uri: {prefix: /admin}}]\n")
    shop.apply(f"{RULE}---\n{matched}")
    response = shop.put(WEIGHTS, {"v1": 100})
    assert (response.status_code, "http[0]" in response.json()["message"]) == (409, True)


def test_weights_of_a_service_that_is_not_there_are_a_404(shop: Api) -> None:
    path = "/namespaces/shop/services/nothing/weights"
    assert [shop.get(path).status_code, shop.put(path, {"v1": 100}).status_code] == [404, 404]


def test_weights_may_be_tried_first(shop: Api) -> None:
    response = shop.put(f"{WEIGHTS}?dry_run=true", {"v1": 90, "v2": 10})
    body = response.json()
    assert (response.status_code, body["dry_run"]) == (200, True)
    assert [one["resource"] for one in body["changes"]] == [
        "DestinationRule shop/payments",
        "VirtualService shop/payments",
    ]
    assert shop.get("/namespaces/shop/VirtualService/payments").status_code == 404


def test_without_any_rule_the_mode_is_permissive(shop: Api) -> None:
    nothing = {"mode": "UNSET", "effective": "PERMISSIVE", "source": ""}
    assert [shop.get(path).json() for path in (MESH, NAMESPACE, WORKLOAD)] == [nothing] * 3


def test_the_narrowest_mode_wins(shop: Api) -> None:
    for path, mode in ((MESH, "STRICT"), (NAMESPACE, "PERMISSIVE"), (WORKLOAD, "DISABLE")):
        assert shop.put(path, {"mode": mode}).status_code == 202
    assert [shop.get(path).json() for path in (MESH, NAMESPACE, WORKLOAD)] == [
        {
            "mode": "STRICT",
            "effective": "STRICT",
            "source": "PeerAuthentication istio-system/default",
        },
        {
            "mode": "PERMISSIVE",
            "effective": "PERMISSIVE",
            "source": "PeerAuthentication shop/default",
        },
        {
            "mode": "DISABLE",
            "effective": "DISABLE",
            "source": "PeerAuthentication shop/payments-v1",
        },
    ]
    assert spec(shop, "PeerAuthentication", "payments-v1") == {
        "selector": {"matchLabels": {"app": "payments", "version": "v1"}},
        "mtls": {"mode": "DISABLE"},
    }
    shop.put(WORKLOAD, {"mode": "UNSET"})
    assert shop.get(WORKLOAD).json() == {
        "mode": "UNSET",
        "effective": "PERMISSIVE",
        "source": "PeerAuthentication shop/default",
    }


def test_a_mode_is_written_where_it_is_said_already(shop: Api) -> None:
    shop.apply(strict("PERMISSIVE", name="ours"))
    shop.put(NAMESPACE, {"mode": "STRICT"})
    assert spec(shop, "PeerAuthentication", "ours") == {"mtls": {"mode": "STRICT"}}
    assert shop.get("/namespaces/shop/PeerAuthentication/default").status_code == 404


def test_a_mode_shared_by_several_workloads_is_ambiguous(shop: Api) -> None:
    shop.apply(
        strict(name="both").replace("spec: {", "spec: {selector: {matchLabels: {app: payments}}, ")
    )
    response = shop.put(WORKLOAD, {"mode": "DISABLE"})
    assert (response.status_code, response.json()["code"]) == (409, "ambiguous")


def test_the_mode_of_the_mesh_needs_an_unbound_token(shop: Api, bound: Api) -> None:
    assert [bound.put(path, {"mode": "STRICT"}).status_code for path in (MESH, NAMESPACE)] == [
        403,
        202,
    ]


@pytest.mark.parametrize("path", ["/namespaces/nothing/mtls", "/namespaces/shop/workloads/x/mtls"])
def test_modes_of_what_is_not_there_are_a_404(shop: Api, path: str) -> None:
    assert [shop.get(path).status_code, shop.put(path, {"mode": "STRICT"}).status_code] == [404] * 2


def test_a_workload_is_scaled_and_restarted_as_a_revision(shop: Api) -> None:
    path = "/workloads/shop/payments-v1"
    assert shop.put(f"{path}/scale", {"replicas": 3}).status_code == 202
    assert spec(shop, "Deployment", "payments-v1")["replicas"] == 3
    assert shop.call("POST", f"{path}/restart").status_code == 202
    template = spec(shop, "Deployment", "payments-v1")["template"]
    assert list(template["metadata"]["annotations"]) == ["kubectl.kubernetes.io/restartedAt"]
    assert shop.put("/workloads/shop/nothing/scale", {"replicas": 3}).status_code == 404
    assert shop.put(f"{path}/scale", {"replicas": -1}).status_code == 422
