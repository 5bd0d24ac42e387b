"""What the Envoys count is asked in PromQL, through Prometheus's API and by rules."""

import base64
from typing import Any
from urllib.parse import urlencode

from tests.e2e.api import exchange
from tests.e2e.running import Running
from tests.e2e.waiting import eventually

RATES = "sum by (destination_service) (rate(istio_requests_total[1m]))"
SLOW = (
    "histogram_quantile(0.99, sum by (le, destination_service)"
    " (rate(istio_request_duration_milliseconds_bucket[1m])))"
)
RULES = f"""
groups:
- name: e2e
  interval: 1s
  rules:
  - record: service:requests:rate1m
    expr: {RATES}
  - alert: Requested
    expr: service:requests:rate1m > 0
"""


def ask(mesh: Running, path: str, **words: str | float) -> Any:
    credentials = base64.b64encode(f"token:{mesh.api.token}".encode()).decode()
    url = f"{mesh.url}/prometheus/api/v1/{path}?{urlencode(words)}"
    answer = exchange("GET", url, None, {"Authorization": f"Basic {credentials}"})
    assert answer.status == 200, answer
    return answer.body["data"]


def by_service(found: Any) -> dict[str, float]:
    return {
        one["metric"].get("destination_service", ""): float(one["value"][1])
        for one in found["result"]
    }


def test_requests_are_queried_and_rules_follow_them(mesh: Running) -> None:
    assert mesh.api.call("PUT", "/rule-files/e2e", RULES).status == 200

    def counted() -> dict[str, float]:
        assert all(one.status == 200 for one in mesh.ingress.burst("/product/clock", 20, 4))
        rates = by_service(ask(mesh, "query", query=RATES))
        assert rates.get("storefront.shop.svc.cluster.local", 0) > 0, rates
        assert rates.get("reviews.shop.svc.cluster.local", 0) > 0, rates
        return rates

    eventually("rates of requests by service", counted, within=40, every=1)
    quantiles = by_service(ask(mesh, "query", query=SLOW))
    assert 0 < quantiles["reviews.shop.svc.cluster.local"] < 60_000
    assert ask(mesh, "metadata", metric="istio_requests_total") == {
        "istio_requests_total": [{"type": "counter", "help": "", "unit": ""}]
    }

    def recorded() -> bool:
        rates = by_service(ask(mesh, "query", query="service:requests:rate1m"))
        (group,) = ask(mesh, "rules")["groups"]
        assert {rule["health"] for rule in group["rules"]} == {"ok"}, group
        fires = [one["state"] for one in ask(mesh, "alerts")["alerts"]]
        return rates.get("reviews.shop.svc.cluster.local", 0) > 0 and "firing" in fires

    eventually("rules' results are queried", recorded, within=20, every=0.5)
    assert mesh.api.call("DELETE", "/rule-files/e2e").status == 204
    eventually(
        "the rules' series end",
        lambda: ask(mesh, "query", query="service:requests:rate1m")["result"] == [],
        within=10,
    )
