"""`meshweb explain`: the way of a request as text, and how words that are none end."""

import json

import pytest

from tests.mesh_web.cli.conftest import Meshweb
from tests.mesh_web.cli.test_commands import write
from tests.routing.app.shop import MANIFESTS, ROUTE, RULE
from topology import facade as topology

pytestmark = pytest.mark.django_db(transaction=True)
ASK = ("explain", "shop/payments-v1", "GET", "http://payments:8080/pay")


@pytest.fixture
def shop(meshweb: Meshweb) -> Meshweb:
    assert meshweb("apply", "-f", write(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}")).code == 0
    topology.reconcile()
    return meshweb


def test_the_way_is_told_step_by_step(shop: Meshweb) -> None:
    said = shop(*ASK, "-H", "x-user: ann")
    assert (said.code, said.err) == (0, "")
    assert "GET http://payments:8080/pay from shop/payments-v1\n" in said.out
    assert "<- VirtualService shop/payments spec.http[0]\n" in said.out
    assert "-> 90 % outbound|8080|v1|payments.shop.svc.cluster.local" in said.out
    # nothing runs the pods, so nobody is behind the service
    assert "90 %: answered 503 by sidecar of shop/payments-v1: " in said.out
    assert "[UH no_healthy_upstream]" in said.out


def test_programs_get_the_whole_answer(shop: Meshweb) -> None:
    found = json.loads(shop(*ASK, "--jwt", '{"sub": "ann"}', "-o", "json").out)
    assert [one["share"] for one in found["first"]["turns"][0]["destinations"]] == [90, 10]


def test_a_change_is_explained_before_it_is_applied(shop: Meshweb) -> None:
    pending = ROUTE.replace("timeout: 3s\n    route:", "redirect: {uri: /x}").split("\n    -")[0]
    said = shop(*ASK, "-f", write(pending, "pending.yaml"))
    assert "the route redirects to http://payments:8080/x" in said.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("shop/nobody", "http://x/"), 1, "MSH1201"),
        (("shop/payments-v1", "ftp://x/"), 1, "MSH1202"),
        (("shop/payments-v1", "GET", "http://x/", "y"), 2, "one word too many"),
        (("shop/payments-v1", "http://x/", "-H", "x"), 2, "x is no header"),
        (("shop/payments-v1", "http://x/", "--jwt", "{"), 2, "The claims are no JSON"),
    ],
)
def test_what_cannot_be_asked_is_said(
    shop: Meshweb, words: tuple[str, ...], code: int, message: str
) -> None:
    said = shop("explain", *words)
    assert said.code == code
    assert message in said.err
