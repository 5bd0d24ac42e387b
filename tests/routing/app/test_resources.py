"""Reading, writing and deleting one resource."""

import json

import pytest

from routing.models import Resource, Revision
from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, Api, strict

pytestmark = pytest.mark.django_db
PATH = "/namespaces/shop/PeerAuthentication/default"


def test_lists_are_filtered_and_paged(operator: Api) -> None:
    operator.apply(MANIFESTS)
    pages = []
    cursor: str | None = ""
    while cursor is not None:
        page = operator.get(f"/resources?namespace=shop&limit=2&cursor={cursor}").json()
        pages.append([f"{one['kind']} {one['metadata']['name']}" for one in page["items"]])
        cursor = page["next"]
    assert pages == [
        ["Deployment payments-v1", "Deployment payments-v2"],
        ["Service payments"],
    ]


def test_a_stale_version_is_a_conflict(operator: Api) -> None:
    operator.apply(strict())
    operator.apply(strict("PERMISSIVE"))
    response = operator.call("PUT", PATH, yaml=strict("DISABLE"), headers={"If-Match": '"1"'})
    assert (response.status_code, response.json()["code"]) == (409, "stale_version")
    current = operator.get(PATH)
    response = operator.call(
        "PUT", PATH, yaml=strict("DISABLE"), headers={"If-Match": current["ETag"]}
    )
    assert (response.status_code, response.json()["revision"]) == (202, 3)


def test_what_was_read_can_be_written_back(operator: Api) -> None:
    operator.apply(strict())
    response = operator.call("PUT", PATH, yaml=json.dumps(operator.get(PATH).json()))
    assert (response.status_code, response.json()["revision"]) == (200, 1)


def test_a_body_must_be_the_resource_of_the_path(operator: Api) -> None:
    response = operator.call("PUT", PATH, yaml=strict(name="other"))
    assert (response.status_code, response.json()["code"]) == (422, "wrong_resource")


def test_what_is_deleted_is_gone_and_can_come_back(operator: Api) -> None:
    operator.apply(strict())
    deleted = operator.call("DELETE", PATH)
    assert [one["action"] for one in deleted.json()["changes"]] == ["delete"]
    assert operator.get(PATH).status_code == 404
    assert operator.call("DELETE", PATH).status_code == 404
    reverted = operator.call("POST", "/revisions/2/revert").json()
    assert (reverted["revision"], reverted["message"]) == (3, "Take back revision 2.")
    assert Resource.objects.get().spec == {"mtls": {"mode": "STRICT"}}


def test_what_others_refer_to_is_not_deleted(operator: Api) -> None:
    operator.apply(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}")
    response = operator.call("DELETE", "/namespaces/shop/DestinationRule/payments")
    assert response.status_code == 422
    assert {one["resource"] for one in response.json()["findings"]} == {
        "VirtualService shop/payments"
    }
    assert Revision.objects.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/namespaces/shop/PeerAuthentication/nothing",
        "/namespaces/shop/Deployment/nothing",
        "/namespaces/nothing/Namespace/nothing",
        "/revisions/7",
        "/nothing",
    ],
)
def test_what_is_not_there_is_a_json_404(operator: Api, path: str) -> None:
    response = operator.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_names_that_cannot_be_are_invalid(operator: Api) -> None:
    response = operator.get("/namespaces/-shop/PeerAuthentication/default")
    assert (response.status_code, response.json()["code"]) == (422, "invalid")


def test_a_method_that_a_path_does_not_know_is_a_json_405(operator: Api) -> None:
    response = operator.call("DELETE", "/resources")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
