"""The history: what changed, taking back, and how far proxies got."""

from datetime import timedelta

import pytest
from django.utils import timezone

from routing import facade
from routing.contracts import (
    Convergence,
    ProxyProgress,
    ProxyState,
    ResourceKey,
    RevisionState,
)
from routing.models import ResourceVersion, Revision
from routing.services import publish
from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, Api, strict
from topology import facade as topology

pytestmark = pytest.mark.django_db

DEFAULT = ResourceKey("PeerAuthentication", "shop", "default")
ONE = "sidecar~127.66.0.2~payments-v1-abc.shop~shop.svc.cluster.local"
TWO = "sidecar~127.66.0.3~payments-v2-abc.shop~shop.svc.cluster.local"


def push() -> None:
    publish.publish_through(Revision.objects.order_by("-number")[0].number, timezone.now())


def state(number: int) -> str:
    return Revision.objects.get(number=number).state


def report(revision: int, verdict: RevisionState, *proxies: ProxyProgress) -> None:
    facade.record_convergence(Convergence(revision=revision, state=verdict, proxies=proxies))


def synced(proxy: str, ms: float) -> ProxyProgress:
    return ProxyProgress(proxy_id=proxy, state=ProxyState.SYNCED, ms=ms)


def pending(proxy: str) -> ProxyProgress:
    return ProxyProgress(proxy_id=proxy, state=ProxyState.PENDING)


def test_revisions_are_listed_newest_first_and_paged(operator: Api) -> None:
    for mode in ("STRICT", "PERMISSIVE", "DISABLE"):
        operator.apply(strict(mode))
    first = operator.get("/revisions?limit=2").json()
    second = operator.get(f"/revisions?limit=2&cursor={first['next']}").json()
    assert [one["number"] for one in first["items"]] == [3, 2]
    assert ([one["number"] for one in second["items"]], second["next"]) == ([1], None)


def test_a_revision_shows_what_it_changed(operator: Api) -> None:
    operator.apply(strict())
    operator.apply(strict("PERMISSIVE"), "?message=calmer")
    body = operator.get("/revisions/2").json()
    change = body["changes"][0]
    assert (body["author"], body["message"], body["system"], body["reverts"]) == (
        "ci",
        "calmer",
        False,
        None,
    )
    assert (change["action"], "STRICT" in change["before"], "PERMISSIVE" in change["after"]) == (
        "update",
        True,
        True,
    )


def test_reverting_restores_what_was_before(operator: Api) -> None:
    operator.apply(strict())
    operator.apply(strict("DISABLE"))
    reverted = operator.call("POST", "/revisions/2/revert").json()
    spec = operator.get("/namespaces/shop/PeerAuthentication/default").json()["spec"]
    assert (reverted["revision"], spec) == (3, {"mtls": {"mode": "STRICT"}})
    assert operator.get("/revisions/3").json()["reverts"] == 2


def test_reverting_what_was_changed_since_is_a_conflict(operator: Api) -> None:
    operator.apply(strict())
    operator.apply(strict("DISABLE"))
    response = operator.call("POST", "/revisions/1/revert")
    assert (response.status_code, response.json()["code"]) == (409, "changed_since")


def test_a_revision_converges_when_every_proxy_has_it(operator: Api) -> None:
    operator.apply(strict())
    push()
    report(1, RevisionState.PUSHED, synced(ONE, 12.0), pending(TWO))
    assert state(1) == RevisionState.PUSHED
    report(1, RevisionState.CONVERGED, synced(TWO, 34.1))
    body = operator.get("/revisions/1").json()
    assert {key: body[key] for key in ("state", "ms", "converged", "total")} == {
        "state": "converged",
        "ms": 34.1,
        "converged": 2,
        "total": 2,
    }
    assert body["proxies"][0] == {
        "id": ONE,
        "pod": "payments-v1-abc",
        "namespace": "shop",
        "state": "synced",
        "ms": 12.0,
        "error": "",
    }


def test_a_state_never_goes_backwards(operator: Api) -> None:
    operator.apply(strict())
    push()
    report(1, RevisionState.CONVERGED, synced(ONE, 5.0))
    report(1, RevisionState.PUSHED, pending(ONE))
    report(1, RevisionState.PARTIAL, pending(ONE))
    assert (state(1), Revision.objects.get().ms) == (RevisionState.CONVERGED, 5.0)


def test_a_partial_revision_still_converges(operator: Api) -> None:
    operator.apply(strict())
    push()
    report(
        1,
        RevisionState.PARTIAL,
        synced(ONE, 5.0),
        ProxyProgress(proxy_id=TWO, state=ProxyState.DISCONNECTED),
    )
    assert state(1) == RevisionState.PARTIAL
    report(1, RevisionState.CONVERGED, synced(TWO, 900.0))
    assert state(1) == RevisionState.CONVERGED


def test_a_report_on_an_unknown_revision_is_dropped() -> None:
    report(99, RevisionState.CONVERGED, synced(ONE, 1.0))
    assert not Revision.objects.exists()


def test_an_older_revision_is_superseded_by_a_report_on_a_newer(operator: Api) -> None:
    operator.apply(strict())
    operator.apply(strict("DISABLE"))
    push()
    report(2, RevisionState.CONVERGED, synced(ONE, 8.0))
    assert (state(1), state(2)) == (RevisionState.SUPERSEDED, RevisionState.CONVERGED)


def test_a_refused_change_returns_to_the_last_good_version(operator: Api) -> None:
    operator.apply(strict())
    operator.apply(strict("DISABLE"))
    push()
    number = facade.revert_rejected(DEFAULT, 2, "bad transport socket")
    body = operator.get("/revisions/3").json()
    assert number == 3
    assert (state(2), body["system"], body["reverts"], body["author"]) == (
        RevisionState.REJECTED,
        True,
        2,
        "meshweb",
    )
    assert [one["resource"] for one in body["findings"]] == [str(DEFAULT)]
    spec = operator.get("/namespaces/shop/PeerAuthentication/default").json()["spec"]
    assert spec == {"mtls": {"mode": "STRICT"}}


def test_what_came_with_a_refused_change_goes_on_with_the_next_revision(operator: Api) -> None:
    operator.apply(MANIFESTS)
    operator.apply(f"{strict()}---\n{RULE}")
    push()
    facade.revert_rejected(DEFAULT, 2, "bad transport socket")
    push()
    report(3, RevisionState.CONVERGED, synced(ONE, 8.0))
    status = operator.get("/namespaces/shop/DestinationRule/payments").json()["status"]
    listed = operator.get("/resources?kind=DestinationRule").json()["items"][0]["status"]
    assert status == listed == {"revision": 2, "state": "converged"}


def test_a_refused_new_resource_is_deleted(operator: Api) -> None:
    operator.apply(strict())
    push()
    assert facade.revert_rejected(DEFAULT, 1, "no") == 2
    assert operator.get("/namespaces/shop/PeerAuthentication/default").status_code == 404


def test_taking_back_twice_does_it_once(operator: Api) -> None:
    operator.apply(strict())
    push()
    assert [facade.revert_rejected(DEFAULT, 1, "no") for _ in range(3)] == [2, None, None]


def test_what_the_user_has_mended_since_is_not_taken_back(operator: Api) -> None:
    operator.apply(strict())
    push()
    operator.apply(strict("PERMISSIVE"))
    assert facade.revert_rejected(DEFAULT, 1, "no") is None
    assert (state(1), Revision.objects.count()) == (RevisionState.REJECTED, 2)


def test_a_version_with_refused_content_is_never_returned_to(operator: Api) -> None:
    operator.apply(strict())
    push()
    operator.apply(strict("DISABLE"))
    push()
    facade.revert_rejected(DEFAULT, 2, "no")  # back to STRICT as revision 3
    push()
    assert facade.revert_rejected(DEFAULT, 3, "no either") == 4  # STRICT is bad too: delete
    push()
    assert ResourceVersion.objects.get(revision_id=4).document is None


def test_the_sweep_hints_again_at_what_nobody_took(
    operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints: list[int] = []
    monkeypatch.setattr(publish, "hint", hints.append)
    operator.apply(strict())
    publish.hint_stuck(timezone.now())
    assert hints == []
    publish.hint_stuck(timezone.now() + timedelta(seconds=2))
    assert hints == [1]


def test_pushing_twice_changes_nothing(operator: Api) -> None:
    operator.apply(strict())
    push()
    first = Revision.objects.get().published_at
    push()
    assert Revision.objects.get().published_at == first


def test_recent_revisions_read_as_rest_shows_them(operator: Api) -> None:
    operator.apply(strict())
    assert facade.recent_revisions() == [operator.get("/revisions/1").json()]


def test_a_pod_that_starts_late_is_listed_and_counted_when_it_comes(operator: Api) -> None:
    operator.apply(strict())
    push()
    report(1, RevisionState.PUSHED, synced(ONE, 5), pending(TWO))
    report(1, RevisionState.CONVERGED, synced(ONE, 5), pending(TWO))
    found = operator.get("/revisions/1").json()
    assert (found["state"], found["converged"], found["total"]) == ("converged", 1, 1)
    report(1, RevisionState.CONVERGED, synced(ONE, 5), synced(TWO, 9000))
    found = operator.get("/revisions/1").json()
    assert (found["state"], found["converged"], found["total"]) == ("converged", 2, 2)


def test_a_dry_run_says_what_changes_in_each_envoy(operator: Api) -> None:
    operator.apply(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}")
    topology.reconcile()
    heavier = ROUTE.replace("weight: 90", "weight: 80").replace("weight: 10", "weight: 20")
    body = operator.apply(heavier, "?dry_run=true").json()
    assert (body["revision"], body["based_on"], body["dry_run"]) == (None, 1, True)
    effects = body["effects"]
    assert (effects["proxies"], effects["left_out_groups"], effects["left_out_changes"]) == (
        2,
        0,
        0,
    )
    (group,) = effects["groups"]
    assert (group["count"], len(group["proxies"]), {p["namespace"] for p in group["proxies"]}) == (
        2,
        2,
        {"shop"},
    )
    (change,) = group["changes"]
    assert (change["type"], change["name"], change["origins"]) == (
        "route",
        "outbound",
        ["VirtualService shop/payments spec.http[0]"],
    )
    assert [(one["before"], one["after"]) for one in change["fields"]] == [(90, 80), (10, 20)]
    assert operator.apply(ROUTE, "?dry_run=true").json()["effects"]["proxies"] == 0


def test_revisions_are_compared_envoy_by_envoy(operator: Api) -> None:
    operator.apply(f"{MANIFESTS}---\n{RULE}")
    topology.reconcile()
    operator.apply(ROUTE)
    operator.apply(ROUTE.replace("timeout: 3s", "timeout: 4s"))
    last = operator.get("/revisions/3/effects").json()
    assert [
        (field["before"], field["after"])
        for group in last["groups"]
        for change in group["changes"]
        for field in change["fields"]
    ] == [(3000, 4000)]
    both = operator.get("/revisions/1/compare/3/effects").json()
    assert both["proxies"] == 2
    assert operator.get("/revisions/3/compare/3/effects").json()["proxies"] == 0
    assert operator.get("/revisions/9/effects").status_code == 404


def test_half_of_the_proxies_and_nearly_all_of_them_have_times(operator: Api) -> None:
    operator.apply(strict())
    publish.publish_through(1, timezone.now())
    proxies = tuple(
        ProxyProgress(proxy_id=f"p{i}", state=ProxyState.SYNCED, ms=float(i)) for i in range(1, 11)
    )
    late = ProxyProgress(proxy_id="late", state=ProxyState.PENDING)
    facade.record_convergence(
        Convergence(revision=1, state=RevisionState.CONVERGED, proxies=(*proxies, late))
    )
    shown = operator.get("/revisions/1").json()
    assert (shown["p50_ms"], shown["p99_ms"]) == (5.0, 10.0)
