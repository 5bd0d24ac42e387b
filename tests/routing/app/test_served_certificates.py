"""The certificates of gateways' Secrets, read over REST: whose, until when, named by what."""

from datetime import UTC, datetime, timedelta
from textwrap import indent

import pytest

from routing.models import Revision
from routing.services import publish
from tests.routing.app.shop import Api
from tests.routing.self_signed import Lifetime, self_signed

pytestmark = pytest.mark.django_db

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
LIFETIME = Lifetime(SINCE, SINCE + timedelta(days=30))
EDGE = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}}
    spec: {containers: [{name: proxy, ports: [{containerPort: 443}]}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["shop.example"]
    tls: {mode: SIMPLE, credentialName: shop-tls}
"""


def secret(namespace: str, name: str) -> str:
    made = self_signed("shop.example", lifetime=LIFETIME, serial=0x1F)
    return (
        "---\napiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nstringData:\n"
        f"  tls.crt: |\n{indent(made.certificate_pem, '    ')}  tls.key: |\n{indent(made.key_pem, '    ')}"
    )


def test_a_gateways_certificate_is_listed_with_its_end_and_who_names_it(operator: Api) -> None:
    applied = operator.apply(secret("edge", "shop-tls") + secret("shop", "shop-tls") + EDGE)
    assert applied.status_code == 202, applied.content
    assert operator.get("/certificates/gateways").json()["items"] == []  # not pushed yet
    newest = Revision.objects.order_by("-number")[0]
    publish.publish_through(newest.number, newest.accepted_at)
    common = {
        "name": "shop-tls",
        "subject": "CN=shop.example",
        "issuer": "CN=shop.example",
        "sans": ["shop.example"],
        "serial": "1f",
        "not_before": SINCE.timestamp(),
        "not_after": LIFETIME.until.timestamp(),
        "authority": False,
    }
    listed = operator.get("/certificates/gateways")
    assert listed.json()["items"] == [
        {"namespace": "edge", **common, "gateways": ["Gateway shop/front"]},
        {"namespace": "shop", **common, "gateways": []},
    ]
    assert b"PRIVATE" not in listed.content
