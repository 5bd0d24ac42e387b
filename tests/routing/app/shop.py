"""A small shop to configure: manifests, routes, and ways to send them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client

PAYMENTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: shop}
spec:
  selector: {app: payments}
  ports: [{name: http, port: 8080}]
"""

DEPLOYMENT = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: payments-{version}, namespace: shop}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: payments, version: {version}}}}}
  template:
    metadata: {{labels: {{app: payments, version: {version}}}}}
    spec:
      containers: [{{name: payments, command: ["true"], ports: [{{containerPort: 8080}}]}}]
"""

MANIFESTS = PAYMENTS + DEPLOYMENT.format(version="v1") + DEPLOYMENT.format(version="v2")

RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: payments, namespace: shop}
spec:
  host: payments
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
"""

ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: payments, namespace: shop}
spec:
  hosts: [payments]
  http:
  - timeout: 3s
    route:
    - destination: {host: payments, subset: v1}
      weight: 90
    - destination: {host: payments, subset: v2}
      weight: 10
"""


def strict(mode: str = "STRICT", name: str = "default", namespace: str = "shop") -> str:
    return (
        "apiVersion: security.istio.io/v1\n"
        "kind: PeerAuthentication\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{mtls: {{mode: {mode}}}}}\n"
    )


@dataclass(frozen=True)
class Api:
    """Calls the REST API with a token, in-process."""

    token: str

    def call(
        self,
        method: str,
        path: str,
        *,
        yaml: str | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        client = Client(raise_request_exception=False)
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        kwargs: dict[str, Any] = {"headers": given}
        if yaml is not None:
            kwargs |= {"data": yaml, "content_type": "application/yaml"}
        elif json is not None:
            kwargs |= {"data": json, "content_type": "application/json"}
        return getattr(client, method.lower())(f"/api/v1{path}", **kwargs)

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def apply(self, yaml: str, query: str = "") -> Any:
        return self.call("POST", f"/apply{query}", yaml=yaml)

    def put(self, path: str, json: Any) -> Any:
        return self.call("PUT", path, json=json)
