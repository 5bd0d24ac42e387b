"""Out of traffic and back over REST."""

import pytest

from tests.routing.app.shop import MANIFESTS, Api

pytestmark = pytest.mark.django_db

SERVICE = "/namespaces/shop/services/payments/suspend"
WORKLOAD = "/namespaces/shop/workloads/payments-v1/suspend"
IN_TRAFFIC = {"suspended": False, "reason": "", "expires_at": "", "source": ""}


@pytest.fixture
def shop(operator: Api) -> Api:
    operator.apply(MANIFESTS)
    return operator


def test_a_service_is_suspended_and_put_back_in_one_call_each(shop: Api) -> None:
    assert shop.get(SERVICE).json() == IN_TRAFFIC
    assert shop.put(SERVICE, {"reason": "disk full"}).status_code == 202
    assert shop.get(SERVICE).json() == {
        "suspended": True,
        "reason": "disk full",
        "expires_at": "",
        "source": "Suspend shop/service-payments",
    }
    assert shop.get("/revisions/2").json()["message"] == "Suspend service shop/payments"
    assert shop.call("delete", SERVICE).status_code == 202
    assert shop.get(SERVICE).json() == IN_TRAFFIC
    assert shop.call("delete", SERVICE).status_code == 404


def test_a_suspension_ends_by_itself_unless_it_is_made_to_last(shop: Api) -> None:
    shop.put(WORKLOAD, {"expires": "10m"})
    assert shop.get(WORKLOAD).json()["expires_at"]
    shop.put(WORKLOAD, {})
    assert shop.get(WORKLOAD).json() == {
        "suspended": True,
        "reason": "",
        "expires_at": "",
        "source": "Suspend shop/workload-payments-v1",
    }


def test_what_is_not_there_cannot_be_suspended(shop: Api) -> None:
    assert shop.put("/namespaces/shop/services/nobody/suspend", {}).status_code == 404
    assert shop.put("/namespaces/shop/workloads/nobody/suspend", {}).status_code == 404
    assert shop.put(SERVICE, {"expires": "soon"}).status_code == 422


def test_a_dry_run_says_what_would_change_and_changes_nothing(shop: Api) -> None:
    answer = shop.put(f"{SERVICE}?dry_run=true", {}).json()
    assert [one["resource"] for one in answer["changes"]] == ["Suspend shop/service-payments"]
    assert shop.get(SERVICE).json() == IN_TRAFFIC


def test_a_suspend_of_something_else_keeps_its_name(shop: Api) -> None:
    shop.apply(
        "apiVersion: meshweb.dev/v1\nkind: Suspend\n"
        "metadata: {name: service-payments, namespace: shop}\nspec: {workload: payments-v1}\n"
    )
    shop.put(SERVICE, {})
    assert shop.get(SERVICE).json()["source"] == "Suspend shop/service-payments-1"
