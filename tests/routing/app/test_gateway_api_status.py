"""Status of the Gateway API's resources over REST, as Kubernetes shows it."""

from typing import Any

import pytest

from tests.routing.app.shop import MANIFESTS, Api

pytestmark = pytest.mark.django_db
DOOR = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ours}
spec: {controllerName: meshweb.dev/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: door, namespace: shop}
spec:
  gatewayClassName: ours
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - name: https
    port: 443
    protocol: HTTPS
    tls: {certificateRefs: [{name: missing}]}
    allowedRoutes: {kinds: [{kind: HTTPRoute}, {kind: UDPRoute}]}
  - {name: one, port: 81, protocol: HTTP, hostname: a.example}
  - {name: two, port: 81, protocol: HTTP, hostname: a.example}
  - {name: udp, port: 82, protocol: UDP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: payments, namespace: shop}
spec:
  parentRefs:
  - {name: door, sectionName: http}
  - {name: door, sectionName: one}
  - {name: door, port: 9999}
  - {group: "", kind: Service, name: payments}
  rules:
  - backendRefs: [{name: payments, port: 8080}]
"""
CONFLICTED = {
    "Accepted": "False HostnameConflict",
    "Programmed": "False Invalid",
    "ResolvedRefs": "True ResolvedRefs",
    "Conflicted": "True HostnameConflict",
}


def brief(conditions: list[dict[str, Any]]) -> dict[str, str]:
    return {one["type"]: f"{one['status']} {one['reason']}" for one in conditions}


def status(api: Api, kind: str, name: str) -> dict[str, Any]:
    answer = api.get(f"/namespaces/shop/{kind}/{name}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()["status"]
    return found


def test_a_gateway_says_what_became_of_each_listener(operator: Api) -> None:
    operator.apply(MANIFESTS)
    operator.apply(DOOR)
    found = status(operator, "Gateway", "door")
    assert {one["name"]: brief(one["conditions"]) for one in found["listeners"]} == {
        "http": {
            "Accepted": "True Accepted",
            "Programmed": "True Programmed",
            "ResolvedRefs": "True ResolvedRefs",
            "Conflicted": "False NoConflicts",
        },
        "https": {
            "Accepted": "True Accepted",
            "Programmed": "False Invalid",
            "ResolvedRefs": "False InvalidCertificateRef",
            "Conflicted": "False NoConflicts",
        },
        "one": CONFLICTED,
        "two": CONFLICTED,
        "udp": {
            "Accepted": "False UnsupportedProtocol",
            "Programmed": "False Invalid",
            "ResolvedRefs": "True ResolvedRefs",
            "Conflicted": "False NoConflicts",
        },
    }
    assert {one["name"]: one["attachedRoutes"] for one in found["listeners"]} == {
        "http": 1,
        **dict.fromkeys(("https", "one", "two", "udp"), 0),
    }
    group = "gateway.networking.k8s.io"
    kinds = {one["name"]: one["supportedKinds"] for one in found["listeners"]}
    assert kinds["http"] == [{"group": group, "kind": k} for k in ("HTTPRoute", "GRPCRoute")]
    assert kinds["https"] == [{"group": group, "kind": "HTTPRoute"}]
    assert brief(found["conditions"]) == {
        "Accepted": "True ListenersNotValid",
        "Programmed": "False NoResources",
    }


def test_a_route_says_what_became_of_it_at_each_parent(operator: Api) -> None:
    operator.apply(MANIFESTS)
    operator.apply(DOOR)
    found = status(operator, "HTTPRoute", "payments")
    assert [brief(one["conditions"])["Accepted"] for one in found["parents"]] == [
        "True Accepted",
        "False NotAllowedByListeners",
        "False NoMatchingParent",
        "True Accepted",
    ]
    assert found["parents"][0]["parentRef"] == {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "namespace": "shop",
        "name": "door",
        "sectionName": "http",
        "port": None,
    }
    assert found["parents"][0]["controllerName"] == "meshweb.dev/gateway-controller"
    condition = found["parents"][0]["conditions"][0]
    assert (condition["observedGeneration"], condition["lastTransitionTime"][:2]) == (1, "20")


def test_a_class_of_ours_is_accepted(operator: Api) -> None:
    operator.apply(DOOR.partition("---")[0])
    answer = operator.get("/resources?kind=GatewayClass").json()["items"]
    assert [brief(one["status"]["conditions"]) for one in answer] == [{"Accepted": "True Accepted"}]
    assert brief(status(operator, "GatewayClass", "ours")["conditions"]) == {
        "Accepted": "True Accepted"
    }


def test_other_kinds_have_the_status_they_had(operator: Api) -> None:
    operator.apply(MANIFESTS)
    assert set(status(operator, "Service", "payments")) == {"revision", "state"}
