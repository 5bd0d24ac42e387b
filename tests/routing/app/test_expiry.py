"""Resources that end: put back as they were, once, whoever looks first."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from routing import facade
from routing.contracts import ResourceKey
from routing.models import Resource, Revision
from routing.moments import iso
from routing.services import judgement
from routing.services.expire import put_back_expired
from routing.services.platform import registry
from routing.tasks import put_back_expired as task
from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, Api, strict

pytestmark = pytest.mark.django_db
PATH = "/namespaces/shop/PeerAuthentication/default"
AT, IN = "meshweb.dev/expires-at", "meshweb.dev/expires-in"


def ending(mode: str, **annotations: str) -> str:
    names = {"at": AT, "lifetime": IN}
    given = json.dumps({names[name]: text for name, text in annotations.items()})
    return strict(mode).replace("namespace: shop", f"namespace: shop, annotations: {given}")


def after(**ahead: float) -> datetime:
    return timezone.now() + timedelta(**ahead)


def moment(**ahead: float) -> str:
    return iso(after(**ahead).timestamp())


def mode(api: Api) -> Any:
    found = api.get(PATH)
    return found.json()["spec"]["mtls"]["mode"] if found.status_code == 200 else None


def test_a_duration_becomes_a_moment_when_it_is_applied(operator: Api) -> None:
    assert operator.apply(ending("DISABLE", lifetime="1h30m")).status_code == 202
    annotations = operator.get(PATH).json()["metadata"]["annotations"]
    left = datetime.fromisoformat(annotations[AT]) - datetime.now(UTC)
    assert (list(annotations), timedelta(minutes=89) < left < timedelta(minutes=91)) == ([AT], True)


def test_what_ends_is_put_back_as_it_was(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    operator.apply(ending("DISABLE", lifetime="10m"))
    assert (put_back_expired(after(minutes=9)), mode(operator)) == ((), "DISABLE")
    assert (put_back_expired(after(minutes=11)), mode(operator)) == ((3,), "STRICT")
    made = operator.get("/revisions/3").json()
    assert {name: made[name] for name in ("author", "message", "system", "reverts")} == {
        "author": "meshweb",
        "message": "PeerAuthentication shop/default expired: it is as it was before.",
        "system": True,
        "reverts": None,
    }
    assert put_back_expired(after(minutes=12)) == ()


def test_what_was_not_there_before_goes_away(operator: Api) -> None:
    operator.apply(ending("DISABLE", lifetime="10m"))
    assert (put_back_expired(after(minutes=11)), mode(operator)) == ((2,), None)


def test_moving_the_end_does_not_bring_the_moved_version_back(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    operator.apply(ending("DISABLE", at=moment(hours=2)))
    operator.apply(ending("DISABLE", at=moment(hours=1)))
    put_back_expired(after(minutes=61))
    assert mode(operator) == "STRICT"


def test_a_later_end_holds_for_what_was_set_inside_of_it(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    operator.apply(ending("PERMISSIVE", at=moment(hours=2)))
    operator.apply(ending("DISABLE", at=moment(hours=1)))
    put_back_expired(after(minutes=61))
    assert mode(operator) == "PERMISSIVE"
    put_back_expired(after(minutes=121))
    assert mode(operator) == "STRICT"


def test_a_version_without_an_end_stays(operator: Api) -> None:
    operator.apply(ending("DISABLE", lifetime="10m"))
    operator.apply(strict("STRICT"))
    assert (put_back_expired(after(days=1)), mode(operator)) == ((), "STRICT")


def test_any_write_may_be_given_an_end(operator: Api) -> None:
    operator.apply(MANIFESTS)
    operator.put("/namespaces/shop/services/payments/weights?expires=10m", {"v1": 0, "v2": 100})
    assert Resource.objects.filter(expires_at__isnull=False).count() == 2
    put_back_expired(after(minutes=11))
    assert not Resource.objects.filter(kind="VirtualService").exists()


def test_a_deletion_cannot_end(operator: Api) -> None:
    operator.apply(strict())
    response = operator.call("DELETE", f"{PATH}?expires=10m")
    assert (response.status_code, response.json()["findings"][0]["code"]) == (422, "MSH0907")


@pytest.mark.parametrize(
    ("annotations", "code", "name"),
    [
        ({"lifetime": "soon"}, "MSH0904", IN),
        ({"lifetime": "0s"}, "MSH0905", IN),
        ({"lifetime": "367d"}, "MSH0906", IN),
        ({"at": "2026-13-45T00:00:00Z"}, "MSH0904", AT),
        ({"at": "2030-01-01T00:00:00"}, "MSH0904", AT),
        ({"at": "2020-01-01T00:00:00Z"}, "MSH0905", AT),
        ({"at": "9999-12-31T23:59:59Z"}, "MSH0906", AT),
        ({"at": "0001-01-01T00:00:00+14:00"}, "MSH0904", AT),
        ({"at": "2030-01-01T00:00:00Z", "lifetime": "1h"}, "MSH0904", IN),
    ],
)
def test_an_end_that_makes_no_sense_is_a_finding_with_its_path(
    operator: Api, annotations: dict[str, str], code: str, name: str
) -> None:
    response = operator.apply(ending("DISABLE", **annotations))
    found = response.json()["findings"][0]
    assert (response.status_code, found["code"], found["path"], found["resource"]) == (
        422,
        code,
        f'metadata.annotations["{name}"]',
        "PeerAuthentication shop/default",
    )
    assert not Revision.objects.exists()


def test_the_task_leaves_alone_what_is_not_due(operator: Api) -> None:
    operator.apply(ending("DISABLE", lifetime="1m"))
    task()
    assert mode(operator) == "DISABLE"


def test_what_is_put_back_is_checked_and_put_back_anyhow(operator: Api) -> None:
    operator.apply(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}")
    only_v1 = ROUTE.partition("    - destination: {host: payments, subset: v2}")[0]
    operator.apply(only_v1.replace("weight: 90", "weight: 100"), "?expires=10m")
    operator.apply(RULE.replace(", {name: v2, labels: {version: v2}}", ""))
    assert put_back_expired(after(minutes=11)) == (4,)
    path = "/namespaces/shop/VirtualService/payments"
    assert len(operator.get(path).json()["spec"]["http"][0]["route"]) == 2
    (found,) = operator.get("/revisions/4").json()["findings"]
    assert (found["severity"], found["resource"]) == ("error", "VirtualService shop/payments")


def test_more_pods_for_a_while(operator: Api) -> None:
    operator.apply(MANIFESTS)
    operator.put("/workloads/shop/payments-v1/scale?expires=1h", {"replicas": 5})
    path = "/namespaces/shop/Deployment/payments-v1"
    assert operator.get(path).json()["spec"]["replicas"] == 5
    put_back_expired(after(hours=1, seconds=1))
    assert operator.get(path).json()["spec"]["replicas"] == 1
    assert [one.replicas for one in registry().workloads if one.name == "payments-v1"] == [1]


def test_what_envoy_refused_is_not_put_back(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    operator.apply(strict("PERMISSIVE"))
    operator.apply(ending("DISABLE", lifetime="10m"))
    facade.revert_rejected(ResourceKey("PeerAuthentication", "shop", "default"), 2, "no")
    put_back_expired(after(minutes=11))
    assert mode(operator) == "STRICT"


def test_one_that_cannot_be_put_back_does_not_hold_up_the_others(
    operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for namespace in ("bank", "shop"):
        operator.apply(strict(namespace=namespace), "?expires=10m")
    real = judgement.judge
    failed: list[str] = []

    def judge(after: Any, changes: Any) -> Any:
        if changes[0].key.namespace == "bank":
            failed.append("bank")
            raise RuntimeError("a bug")
        return real(after, changes)

    monkeypatch.setattr("routing.services.expire.judge", judge)
    assert (put_back_expired(after(minutes=11)), failed) == ((3,), ["bank"])
    monkeypatch.setattr("routing.services.expire.judge", real)
    assert put_back_expired(after(minutes=12)) == (4,)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_put_back_once(operator: Api) -> None:
    operator.apply(strict("STRICT"))
    operator.apply(ending("DISABLE", lifetime="10m"))
    made: list[int] = []

    def work() -> None:
        try:
            made.extend(put_back_expired(after(minutes=11)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, Revision.objects.count(), mode(operator)) == ([3], 3, "STRICT")
