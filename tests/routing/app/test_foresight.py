"""Dry runs, and effects of the past, of changes of what runs."""

from typing import Any

import pytest
from django.utils import timezone

from routing.contracts import ResourceKey, Trial, TrialOutcome
from routing.services import publish
from routing.services.rejection import take_back
from tests.routing.app.shop import DEPLOYMENT, MANIFESTS, PAYMENTS, ROUTE, RULE, Api, strict
from topology import facade as topology
from topology.contracts import PodPhase, PodReport

pytestmark = pytest.mark.django_db

HOST = "payments.shop.svc.cluster.local"
CART = "cart.shop.svc.cluster.local"
NEWCOMER = (PAYMENTS + DEPLOYMENT.format(version="v1")).replace("payments", "cart")
REFUSED = Trial(outcome=TrialOutcome.REFUSED, parts=1, ms=1.0, error="no")


@pytest.fixture
def shop(operator: Api) -> Api:
    """Two versions that run and are ready."""
    operator.apply(MANIFESTS)
    topology.reconcile()
    topology.report_pods(
        "local",
        [
            PodReport(uid=one.uid, phase=PodPhase.RUNNING, ready=True)
            for one in topology.registry().pods
        ],
    )
    return operator


def told(effects: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    return [
        (group["count"], one["type"], one["name"], one["action"])
        for group in effects["groups"]
        for one in group["changes"]
    ]


def test_a_service_with_its_deployment_is_foreseen_in_every_proxy(shop: Api) -> None:
    effects = shop.apply(NEWCOMER, "?dry_run=true").json()["effects"]
    assert effects["proxies"] == 2
    assert effects["pods"] == [{"namespace": "shop", "workload": "cart-v1", "starts": 1, "ends": 0}]
    assert told(effects) == [
        (2, "route", "outbound", "change"),
        (2, "cluster", f"outbound|8080||{CART}", "add"),
        (2, "endpoints", f"outbound|8080||{CART}", "add"),
    ]
    assert len(topology.registry().services) == 1


def test_what_disappears_with_a_service_is_foreseen(shop: Api) -> None:
    body = shop.call("DELETE", "/namespaces/shop/Service/payments?dry_run=true").json()
    assert (body["effects"]["proxies"], body["effects"]["pods"]) == (2, [])
    gone = {(one[1], one[2], one[3]) for one in told(body["effects"])}
    assert {
        ("cluster", f"outbound|8080||{HOST}", "remove"),
        ("endpoints", f"outbound|8080||{HOST}", "remove"),
        ("route", "outbound", "change"),
    } <= gone


def test_a_deployment_that_goes_takes_its_endpoints_along(shop: Api) -> None:
    body = shop.call("DELETE", "/namespaces/shop/Deployment/payments-v2?dry_run=true").json()
    effects = body["effects"]
    assert effects["pods"] == [
        {"namespace": "shop", "workload": "payments-v2", "starts": 0, "ends": 1}
    ]
    assert told(effects) == [(1, "endpoints", f"outbound|8080||{HOST}", "change")]
    assert "v2" not in effects["groups"][0]["proxies"][0]["pod"]


def test_pods_that_are_replaced_are_seen_with_what_their_template_gives(shop: Api) -> None:
    shop.apply(RULE)
    renamed = DEPLOYMENT.format(version="v2").replace(
        "labels: {app: payments, version: v2}", "labels: {app: payments, version: v2, extra: x}"
    )
    as_user = renamed.replace("    spec:\n", "    spec:\n      serviceAccountName: payer\n")
    effects = shop.apply(as_user, "?dry_run=true").json()["effects"]
    assert effects["pods"] == [
        {"namespace": "shop", "workload": "payments-v2", "starts": 1, "ends": 1}
    ]
    changed = [
        field["text"]
        for group in effects["groups"]
        for one in group["changes"]
        for field in one["fields"]
    ]
    assert any("sa/payer" in text for text in changed), changed


def test_a_change_of_a_service_is_checked_as_it_would_be(shop: Api) -> None:
    shop.apply(f"{RULE}---\n{ROUTE.replace('subset: v1', 'port: {number: 8080}, subset: v1')}")
    moved = PAYMENTS.replace("port: 8080", "port: 9090")
    refused = shop.apply(moved, "?dry_run=true")
    assert (refused.status_code, [one["code"] for one in refused.json()["findings"]]) == (
        422,
        ["MSH1102"],
    )


def test_a_past_revision_is_seen_with_the_services_it_had(shop: Api) -> None:
    shop.apply(NEWCOMER)
    shop.call("DELETE", "/namespaces/shop/Service/cart")
    shop.call("DELETE", "/namespaces/shop/Deployment/cart-v1")
    came = shop.get("/revisions/2/effects").json()
    assert ("cluster", f"outbound|8080||{CART}", "add") in {one[1:] for one in told(came)}
    assert [(one["workload"], one["starts"]) for one in came["pods"]] == [("cart-v1", 1)]
    went = shop.get("/revisions/2/compare/4/effects").json()
    assert ("cluster", f"outbound|8080||{CART}", "remove") in {one[1:] for one in told(went)}
    assert [(one["workload"], one["ends"]) for one in went["pods"]] == [("cart-v1", 1)]


def test_explain_sees_a_service_that_is_only_proposed(shop: Api) -> None:
    found = shop.call(
        "POST",
        "/explain",
        json={"source": "shop/payments-v1", "url": "http://cart:8080/", "documents": NEWCOMER},
    ).json()
    assert [one["cluster"] for turn in found["first"]["turns"] for one in turn["destinations"]] == [
        f"outbound|8080||{CART}"
    ]


# --- what a trial rejected ----------------------------------------------------------------------


@pytest.fixture
def rejected(shop: Api) -> Api:
    """Revision 2 is in force; 3 brought a refused and a good resource, 4 takes the one back."""
    shop.apply(strict("PERMISSIVE"))
    publish.publish_through(2, timezone.now())
    shop.apply(f"{strict('STRICT')}---\n{strict('DISABLE', name='other', namespace='bank')}")
    take_back(3, {ResourceKey("PeerAuthentication", "shop", "default"): "no"}, REFUSED)
    publish.publish_through(4, timezone.now())
    return shop


def modes(api: Api, at: int) -> dict[str, str]:
    items = api.get(f"/resources?kind=PeerAuthentication&at={at}").json()["items"]
    return {one["metadata"]["namespace"]: one["spec"]["mtls"]["mode"] for one in items}


def test_what_a_trial_rejected_was_never_in_force(rejected: Api) -> None:
    assert [modes(rejected, at) for at in (2, 3, 4)] == [
        {"shop": "PERMISSIVE"},
        {"shop": "PERMISSIVE"},
        {"shop": "PERMISSIVE", "bank": "DISABLE"},
    ]


def test_a_comparison_says_what_was_in_force_at_a_rejected_revision(rejected: Api) -> None:
    body = rejected.get("/revisions/2/compare/3").json()
    assert (body["before"], body["after"], body["in_force"], body["changes"]) == (2, 3, [2, 2], [])
    body = rejected.get("/revisions/3/compare/4").json()
    assert (body["in_force"], [one["resource"] for one in body["changes"]]) == (
        [2, 4],
        ["PeerAuthentication bank/other"],
    )


def test_what_a_rejected_revision_would_have_done_is_told(rejected: Api) -> None:
    would = rejected.get("/revisions/3/effects").json()
    assert ("listener", "inbound:8080", "change") in {one[1:] for one in told(would)}
    assert rejected.get("/revisions/2/compare/3/effects").json()["proxies"] == 0
    assert rejected.get("/revisions/4/effects").json()["proxies"] == 0
