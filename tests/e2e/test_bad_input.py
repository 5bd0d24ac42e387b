"""What is wrong is said where it is wrong, and nothing of it stays."""

from typing import Any

import pytest

from tests.e2e.running import Running
from tests.e2e.waiting import eventually


def virtual_service(body: str) -> str:
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        "metadata: {name: broken, namespace: shop}\nspec:\n" + body
    )


BAD = {
    "malformed YAML": virtual_service("  hosts: [ratings\n  http: []\n"),
    "unknown kind": "apiVersion: networking.istio.io/v1\nkind: Teapot\n"
    "metadata: {name: a, namespace: shop}\nspec: {}\n",
    "unknown field": virtual_service("  hosts: [ratings]\n  htpp: []\n"),
    "weights that are not 100": virtual_service(
        "  hosts: [ratings]\n  http:\n  - route:\n"
        "    - {destination: {host: reviews, subset: v1}, weight: 50}\n"
        "    - {destination: {host: reviews, subset: v2}, weight: 40}\n"
    ),
    "a subset that is not there": virtual_service(
        "  hosts: [ratings]\n  http:\n  - route:\n    - destination: {host: reviews, subset: v9}\n"
    ),
    "a host that is not there": virtual_service(
        "  hosts: [ratings]\n  http:\n  - route:\n    - destination: {host: nowhere}\n"
    ),
    "two gateways on one port": "apiVersion: networking.istio.io/v1\nkind: Gateway\n"
    "metadata: {name: second, namespace: istio-ingress}\nspec:\n"
    "  selector: {istio: ingressgateway}\n  servers:\n"
    "  - port: {number: 443, name: http, protocol: HTTP}\n    hosts: ['*']\n",
}


BROKEN = "VirtualService shop/broken"
SAID = {
    "malformed YAML": {("MSH1001", BROKEN, "line 6, column 7")},
    "unknown kind": {("MSH1012", "Teapot shop/a", "kind")},
    "unknown field": {("MSH1016", BROKEN, "spec.htpp")},
    "weights that are not 100": {("MSH1101", BROKEN, "spec.http[0].route")},
    "a subset that is not there": {("KIA1107", BROKEN, "spec.http[0].route[0].destination.subset")},
    "a host that is not there": {("KIA1101", BROKEN, "spec.http[0].route[0].destination.host")},
    "two gateways on one port": {
        ("MSH1103", "Gateway istio-ingress/second", "spec.servers[0].port"),
        ("MSH1103", "Gateway istio-ingress/shop", "spec.servers[1].port"),
    },
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_422_with_findings_and_nothing_is_stored(mesh: Running, what: str) -> None:
    before = mesh.api.items("/revisions")[0]["number"]
    answer = mesh.api.call("POST", "/apply", BAD[what])
    assert answer.status == 422, answer
    found = answer.body["findings"]
    assert {(f["code"], f["resource"], f["path"]) for f in found} == SAID[what], found
    assert all(f["severity"] == "error" and f["message"] for f in found)
    assert mesh.api.items("/revisions")[0]["number"] == before
    for path in ("/shop/VirtualService/broken", "/istio-ingress/Gateway/second"):
        assert mesh.api.call("GET", f"/namespaces{path}").status == 404


def test_what_envoy_refuses_reaches_no_proxy_and_is_named_and_the_rest_stays(
    mesh: Running,
) -> None:
    number = mesh.api.accepted("POST", "/apply", NACKED)["revision"]
    rejected = eventually("it is rejected", lambda: rejected_revision(mesh, number), 10)
    assert rejected["trial"]["outcome"] == "refused"
    assert "NO_SUCH_THING" in rejected["trial"]["error"]
    assert [p for p in rejected["proxies"] if p["state"] == "synced"] == []
    eventually("it is reverted", lambda: reverting(mesh, number), within=10)
    gone = mesh.api.call("GET", "/namespaces/shop/VirtualService/nacked")
    assert gone.status == 404
    assert mesh.api.call("GET", "/namespaces/shop/DestinationRule/ratings").status == 200
    assert mesh.ingress.get("/").status == 200
    mesh.api.accepted("DELETE", "/namespaces/shop/DestinationRule/ratings")


NACKED = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: nacked, namespace: shop}
spec:
  hosts: [ratings]
  http:
  - headers: {request: {set: {x-who: "%NO_SUCH_THING%"}}}
    route:
    - destination: {host: ratings}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ratings, namespace: shop}
spec:
  host: ratings
  trafficPolicy: {connectionPool: {tcp: {connectTimeout: 3s}}}
"""
"""Envoy knows no such word, and only Envoy can say so."""


def rejected_revision(mesh: Running, number: int) -> Any:
    revision = mesh.api.get(f"/revisions/{number}")
    assert revision["state"] == "rejected", revision["state"]
    return revision


def reverting(mesh: Running, number: int) -> Any:
    """The system's revision that took the culprit back, and names it."""
    found = [r for r in mesh.api.items("/revisions") if r["system"] and r["reverts"] == number]
    assert found
    assert any("VirtualService shop/nacked" in c["resource"] for c in found[0]["changes"])
    return found[0]
