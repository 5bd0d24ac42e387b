"""What passes our checks and a real Envoy refuses: only the culprit is taken back, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from routing.contracts import RevisionState
from tests.proxy.ads.fleet import Root, envoy, get
from tests.proxy.control.conftest import NETWORK
from tests.proxy.control.whole import apply, control, eventually, in_thread, pods, revision
from tests.routing.app.shop import Api

pytestmark = [pytest.mark.envoy, pytest.mark.usefixtures("celery")]

EGRESS = f"127.{NETWORK + 2}.0.2"

SHOP = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: shop}
spec: {selector: {app: payments}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {selector: {app: orders}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: page, namespace: shop}
spec:
  selector: {matchLabels: {app: page}}
  template:
    metadata: {labels: {app: page}}
    spec:
      containers: [{name: page, command: ["true"], ports: [{containerPort: 8080}]}]
"""

ANSWERED = """\
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: shop}}
spec:
  hosts: [{name}]
  http: [{{directResponse: {{status: {status}}}, headers: {{response: {{set: {{x-said: "{said}"}}}}}}}}]
"""

NO_SUCH_FILE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: payments, namespace: shop}
spec:
  host: payments
  trafficPolicy: {tls: {mode: SIMPLE, caCertificates: /no/such/file.pem}}
"""


def answered(name: str, status: int, said: str = "yes") -> str:
    return ANSWERED.format(name=name, status=status, said=said)


@asynccontextmanager
async def shop(operator: Api) -> AsyncIterator[int]:
    """One sidecar with all it shall have; gives the newest revision's number."""
    root = Root()
    async with control(root):
        first = await apply(operator, SHOP)
        await eventually(lambda: proxies(operator))
        (pod,) = await pods()
        async with envoy(pod, root, "default"):
            await eventually(lambda: [p for p in proxies(operator) if p["state"] == "synced"])
            yield first["revision"]


def proxies(api: Api) -> list[Any]:
    found: list[Any] = api.get("/proxies").json()["items"]
    return found


def newest(api: Api) -> Any:
    return api.get("/revisions").json()["items"][0]


def names(api: Api) -> set[str]:
    kinds = {"VirtualService", "DestinationRule"}
    return {
        f"{one['kind']} {one['metadata']['name']}"
        for one in api.get("/resources").json()["items"]
        if one["kind"] in kinds
    }


async def taken_back(api: Api, number: int) -> Any:
    """The system's revision that takes something back of revision `number`, in force."""
    made = await eventually(
        lambda: (
            newest(api) if newest(api)["system"] and newest(api)["state"] == "converged" else None
        )
    )
    assert (made["number"], made["reverts"]) == (number + 1, number)
    return made


async def test_a_refusal_that_names_the_culprit_spares_the_rest_of_the_apply(operator: Api) -> None:
    async with shop(operator) as first:
        answer = await apply(
            operator, NO_SUCH_FILE + answered("orders", 201), "?wait=converged&timeout=10s"
        )
        assert (answer["code"], [f["code"] for f in answer["findings"]]) == (
            "rejected",
            ["MSH0901"],
        )
        assert answer["findings"][0]["resource"] == "DestinationRule shop/payments"
        made = await taken_back(operator, first + 1)
        assert [c["resource"] for c in made["changes"]] == ["DestinationRule shop/payments"]
        bad = await revision(operator, first + 1)
        assert (bad["state"], bad["author"]) == (RevisionState.REJECTED, "ci")
        assert "Invalid path: /no/such/file.pem" in bad["findings"][-1]["message"]
        assert await get(EGRESS, 15001, "orders") == (201, "")
        assert await in_thread(lambda: names(operator)) == {"VirtualService orders"}

        # it ends here
        await asyncio.sleep(1.5)
        assert (await in_thread(lambda: newest(operator)))["number"] == made["number"]
        (proxy,) = await in_thread(lambda: proxies(operator))
        assert (proxy["state"], proxy["revision"], proxy["error"]) == ("synced", made["number"], "")


async def test_a_refusal_that_names_nothing_is_narrowed_down_to_the_culprit(operator: Api) -> None:
    async with shop(operator) as first:
        await apply(operator, answered("payments", 202), "?wait=converged&timeout=10s")
        assert await get(EGRESS, 15001, "payments") == (202, "")
        bad = answered("payments", 203, said="%NO_SUCH_WORD%") + answered("orders", 201)
        answer = await apply(operator, bad, "?wait=converged&timeout=10s")
        assert [f["resource"] for f in answer["findings"]] == ["VirtualService shop/payments"]
        made = await taken_back(operator, first + 2)
        assert [c["resource"] for c in made["changes"]] == ["VirtualService shop/payments"]
        assert await get(EGRESS, 15001, "payments") == (202, "")
        assert await get(EGRESS, 15001, "orders") == (201, "")

        # the same again is known to be bad: it is taken back without asking the proxy
        await apply(operator, answered("payments", 203, said="%NO_SUCH_WORD%"))
        again = await taken_back(operator, first + 4)
        assert [c["resource"] for c in again["changes"]] == ["VirtualService shop/payments"]
        assert await get(EGRESS, 15001, "payments") == (202, "")
