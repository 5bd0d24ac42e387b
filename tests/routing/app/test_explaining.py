"""Questions about requests over REST."""

from typing import Any

import pytest

from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, Api, strict
from topology.facade import reconcile, registry

pytestmark = pytest.mark.django_db

ASK = {"source": "shop/payments-v1", "url": "http://payments:8080/pay?x=1"}


@pytest.fixture
def shop(operator: Api) -> Api:
    """A shop whose pods are there, though nothing runs them."""
    assert operator.apply(MANIFESTS + "---\n" + RULE + "---\n" + ROUTE).status_code == 202
    reconcile()
    assert len(registry().pods) == 2
    return operator


def ask(api: Api, **changed: Any) -> Any:
    return api.call("POST", "/explain", json={**ASK, **changed})


def test_a_viewer_may_ask(shop: Api, viewer: Api) -> None:
    answer = ask(viewer)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    turn = found["first"]["turns"][0]
    assert turn["route"] == {
        "name": "shop/payments:0",
        "holds": True,
        "reason": "it takes everything",
        "resource": "VirtualService shop/payments",
        "path": "spec.http[0]",
    }
    assert [(one["subset"], one["share"]) for one in turn["destinations"]] == [
        ("v1", 90),
        ("v2", 10),
    ]
    assert found["source"]["workload"] == "payments-v1"


def test_a_change_that_is_not_in_force_may_be_asked_about(shop: Api) -> None:
    pending = ROUTE.replace("timeout: 3s\n    route:", "redirect: {uri: /x}").split("\n    -")[0]
    assert ask(shop, documents=pending).json()["outcomes"][0]["status"] == 301
    assert ask(shop).json()["outcomes"][0]["status"] == 503


def test_a_question_is_no_write(shop: Api) -> None:
    assert ask(shop).status_code == 200
    admin = shop.get("/revisions").json()["items"]
    assert len(admin) == 1


@pytest.mark.parametrize(
    ("changed", "code", "path"),
    [
        ({"source": "shop/nobody"}, "MSH1201", "source"),
        ({"source": "payments"}, "MSH1201", "source"),
        ({"url": "ftp://payments/"}, "MSH1202", "url"),
        ({"url": "http:///x"}, "MSH1202", "url"),
        ({"url": "tcp://payments"}, "MSH1202", "url"),
        ({"url": "http://payments:99999/"}, "MSH1202", "url"),
        ({"url": "http://payments/a b"}, "MSH1202", "url"),
        ({"url": "http://payments/#x"}, "MSH1202", "url"),
        ({"method": "G T"}, "MSH1203", "method"),
        ({"headers": [{"name": "a b", "value": ""}]}, "MSH1203", "headers[0].name"),
        ({"headers": [{"name": "a", "value": "x\ny"}]}, "MSH1203", "headers[0].value"),
        ({"token": "a b"}, "MSH1203", "token"),
        ({"token": "x", "claims": {}}, "MSH1022", "claims"),
        ({"client_address": "nowhere"}, "MSH1203", "client_address"),
        ({"documents": "kind: ["}, "MSH1001", ""),
    ],
)
def test_what_cannot_be_asked_is_a_finding_with_its_place(
    shop: Api, changed: dict[str, Any], code: str, path: str
) -> None:
    answer = ask(shop, **changed)
    assert answer.status_code == 422, answer.content
    found = answer.json()["findings"][0]
    assert (found["code"], found["path"]) == (code, path or found["path"])


def test_wrong_types_have_a_path(shop: Api) -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"headers": "x"},
        {"url": 7},
        {"claims": []},
        {"url": "x" * 9000},
    )
    for changed in wrong:
        answer = ask(shop, **changed)
        assert answer.status_code == 422
        assert answer.json()["path"].startswith(f"body.asked.{next(iter(changed))}")


def test_strict_mtls_refuses_nobody_of_the_mesh(shop: Api) -> None:
    assert ask(shop, documents=strict()).status_code == 200
