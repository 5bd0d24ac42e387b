"""Looking back: two revisions side by side, and what was in force once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from routing import facade
from routing.contracts import ResourceKey
from routing.models import Revision
from routing.moments import iso
from routing.services import publish
from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, Api, strict

pytestmark = pytest.mark.django_db
DEFAULT = ResourceKey("PeerAuthentication", "shop", "default")


def names(body: Any) -> list[str]:
    return [f"{one['kind']} {one['metadata']['name']}" for one in body["items"]]


def push() -> None:
    publish.publish_through(Revision.objects.order_by("-number")[0].number, timezone.now())


def test_any_two_revisions_can_be_compared(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    operator.apply(strict("DISABLE", namespace="bank"))
    operator.apply(strict("PERMISSIVE"))
    operator.call("DELETE", "/namespaces/bank/PeerAuthentication/default")
    body = operator.get("/revisions/1/compare/3").json()
    assert [(one["resource"], one["action"], one["fields"]) for one in body["changes"]] == [
        (
            "PeerAuthentication bank/default",
            "create",
            [
                {
                    "path": "apiVersion",
                    "action": "add",
                    "before": None,
                    "after": "security.istio.io/v1",
                },
                {"path": "metadata", "action": "add", "before": None, "after": {}},
                {
                    "path": "spec",
                    "action": "add",
                    "before": None,
                    "after": {"mtls": {"mode": "DISABLE"}},
                },
            ],
        ),
        (
            "PeerAuthentication shop/default",
            "update",
            [
                {
                    "path": "spec.mtls.mode",
                    "action": "change",
                    "before": "STRICT",
                    "after": "PERMISSIVE",
                }
            ],
        ),
    ]
    assert operator.get("/revisions/2/compare/2").json()["changes"] == []
    back = operator.get("/revisions/4/compare/0").json()["changes"]
    assert [(one["action"], one["after"]) for one in back] == [("delete", None)]
    assert operator.get("/revisions/1/compare/9").status_code == 404


def test_a_comparison_says_where_a_route_changed(operator: Api) -> None:
    operator.apply(MANIFESTS)
    operator.apply(f"{RULE}---\n{ROUTE}")
    operator.put("/namespaces/shop/services/payments/weights", {"v1": 50, "v2": 50})
    (change,) = operator.get("/revisions/2/compare/3").json()["changes"]
    assert [(one["path"], one["before"], one["after"]) for one in change["fields"]] == [
        ("spec.http[0].route[0].weight", 90, 50),
        ("spec.http[0].route[1].weight", 10, 50),
    ]


def test_what_was_in_force_at_a_revision(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    operator.apply(strict("DISABLE"))
    operator.call("DELETE", "/namespaces/shop/PeerAuthentication/default")
    (old,) = operator.get("/resources?at=1").json()["items"]
    assert (old["spec"], old["metadata"]["resourceVersion"], old["status"]["revision"]) == (
        {"mtls": {"mode": "STRICT"}},
        "1",
        1,
    )
    assert [operator.get(f"/resources?at={n}").json()["items"] for n in (0, 3)] == [[], []]
    assert operator.get("/resources?at=9").status_code == 404


def test_what_was_in_force_at_a_moment_was_pushed_by_then(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    push()
    then = Revision.objects.get(number=1).published_at
    assert then is not None
    operator.apply(strict("DISABLE", namespace="bank"))  # accepted, not pushed
    for at, there in (
        (then - timedelta(seconds=1), []),
        (then + timedelta(milliseconds=1), ["PeerAuthentication default"]),
    ):
        assert names(operator.get(f"/resources?at={iso(at.timestamp())}").json()) == there
    assert operator.get("/resources?at=2026-99-99T00:00:00Z").status_code == 422
    assert operator.get("/resources?at=yesterday").status_code == 422


def test_the_past_is_filtered_and_paged(operator: Api) -> None:
    operator.apply(MANIFESTS)
    page = operator.get("/resources?at=1&namespace=shop&kind=Deployment&limit=1").json()
    rest = operator.get(
        f"/resources?at=1&namespace=shop&kind=Deployment&cursor={page['next']}"
    ).json()
    assert (names(page), names(rest)) == (["Deployment payments-v1"], ["Deployment payments-v2"])


def test_what_envoy_refused_is_said_when_it_is_applied_again(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    operator.apply(strict("DISABLE"))
    push()
    facade.revert_rejected(DEFAULT, 2, "bad transport socket")
    for query in ("?dry_run=true", "?expires=10m"):
        response = operator.apply(strict("DISABLE"), query)
        (found,) = response.json()["findings"]
        assert (response.status_code // 100, found["code"], found["severity"]) == (
            2,
            "MSH0908",
            "warning",
        )
        assert "in revision 2: bad transport socket" in found["message"]
    assert operator.apply(strict("PERMISSIVE")).json()["findings"] == []
