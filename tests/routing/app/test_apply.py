"""POST /apply: what is stored, what is refused, what is said."""

from typing import Any

import pytest

from routing import facade
from routing.contracts import PublishedConfig, RevisionState
from routing.models import Resource, ResourceVersion, Revision
from routing.services import publish
from tests.routing.app.shop import DEPLOYMENT, MANIFESTS, PAYMENTS, ROUTE, RULE, Api, strict

pytestmark = pytest.mark.django_db


def test_documents_of_one_request_become_one_revision(operator: Api) -> None:
    response = operator.apply(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}", "?message=first")
    body = response.json()
    assert response.status_code == 202, body
    assert {key: body[key] for key in ("revision", "state", "message", "dry_run")} == {
        "revision": 1,
        "state": "accepted",
        "message": "first",
        "dry_run": False,
    }
    assert [(one["resource"], one["action"]) for one in body["changes"]] == [
        ("Deployment shop/payments-v1", "create"),
        ("Deployment shop/payments-v2", "create"),
        ("DestinationRule shop/payments", "create"),
        ("Namespace /shop", "create"),
        ("Service shop/payments", "create"),
        ("VirtualService shop/payments", "create"),
    ]


def test_what_is_applied_can_be_read_back(operator: Api) -> None:
    operator.apply(strict())
    body = operator.get("/namespaces/shop/PeerAuthentication/default").json()
    assert (body["apiVersion"], body["kind"], body["spec"], body["status"]) == (
        "security.istio.io/v1",
        "PeerAuthentication",
        {"mtls": {"mode": "STRICT"}},
        {"revision": 1, "state": "accepted"},
    )
    metadata = body["metadata"]
    assert (metadata["name"], metadata["generation"], metadata["resourceVersion"]) == (
        "default",
        1,
        "1",
    )


def test_an_unchanged_request_answers_the_revision_in_force(operator: Api) -> None:
    operator.apply(strict())
    response = operator.apply(strict())
    assert (response.status_code, response.json()["revision"], response.json()["changes"]) == (
        200,
        1,
        [],
    )
    assert Revision.objects.count() == 1


def test_a_change_keeps_uid_and_age_and_counts_generations(operator: Api) -> None:
    operator.apply(strict())
    before = operator.get("/namespaces/shop/PeerAuthentication/default").json()["metadata"]
    operator.apply(strict("PERMISSIVE"))
    after = operator.get("/namespaces/shop/PeerAuthentication/default").json()["metadata"]
    assert after == {**before, "generation": 2, "resourceVersion": "2"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [", "MSH1001"),
        ("", "MSH0903"),
        ("apiVersion: v1\nkind: Nothing\nmetadata: {name: x}\n", "MSH1012"),
        (strict("SOMETIMES"), "MSH1018"),
    ],
)
def test_bad_input_is_a_finding_and_stores_nothing(operator: Api, text: str, code: str) -> None:
    response = operator.apply(text or "# nothing\n")
    body = response.json()
    assert (response.status_code, body["code"]) == (422, "findings")
    assert code in {one["code"] for one in body["findings"]}
    assert not Revision.objects.exists()


def test_one_bad_document_keeps_its_good_neighbours_out(operator: Api) -> None:
    bad = ROUTE.replace("weight: 10", "weight: 20")
    response = operator.apply(f"{MANIFESTS}---\n{RULE}---\n{bad}")
    findings = response.json()["findings"]
    assert response.status_code == 422
    assert ("VirtualService shop/payments", "spec.http[0].route") in {
        (one["resource"], one["path"]) for one in findings
    }
    assert (Revision.objects.count(), Resource.objects.count()) == (0, 0)


def test_a_dry_run_says_what_would_happen_and_stores_nothing(operator: Api) -> None:
    response = operator.apply(strict(), "?dry_run=true")
    body = response.json()
    assert response.status_code == 200
    assert (body["dry_run"], body["revision"], body["based_on"], body["changes"]) == (
        True,
        None,
        0,
        [
            {
                "resource": "PeerAuthentication shop/default",
                "action": "create",
                "before": None,
                "after": "apiVersion: security.istio.io/v1\n"
                "kind: PeerAuthentication\n"
                "metadata:\n"
                "  name: default\n"
                "  namespace: shop\n"
                "spec:\n"
                "  mtls:\n"
                "    mode: STRICT\n",
            }
        ],
    )
    assert (Revision.objects.count(), ResourceVersion.objects.count()) == (0, 0)


def test_a_request_over_a_megabyte_is_too_large(operator: Api) -> None:
    response = operator.apply("#" * 1_000_001)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_body_that_is_no_document_is_an_unsupported_media_type(operator: Api) -> None:
    response = operator.call("POST", "/apply", yaml=strict(), headers={"Content-Type": "image/png"})
    assert response.status_code == 415


def test_json_is_read_as_well(operator: Api) -> None:
    document = {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "shop"},
        "spec": {"mtls": {"mode": "STRICT"}},
    }
    assert operator.call("POST", "/apply", json=document).status_code == 202


def test_a_viewer_changes_nothing(viewer: Api) -> None:
    response = viewer.apply(strict())
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert viewer.get("/resources").status_code == 200


def test_a_bound_token_changes_its_own_namespace_only(bound: Api) -> None:
    answers = [
        bound.apply(strict(namespace=namespace)).status_code
        for namespace in ("shop", "bank", "istio-system")
    ]
    assert answers == [202, 403, 403]


def test_a_viewer_is_refused_before_the_body_is_read(viewer: Api) -> None:
    assert viewer.apply("a: [").json()["code"] == "forbidden"


def test_a_bound_token_steers_what_runs_and_does_not_say_what_runs(
    operator: Api, bound: Api
) -> None:
    deployment = DEPLOYMENT.format(version="v1")
    path = "/namespaces/shop/Deployment/payments-v1"
    assert refused(bound.apply(deployment)) == (403, "deploy_needs_unbound")
    assert refused(bound.apply(deployment, "?dry_run=true")) == (403, "deploy_needs_unbound")
    assert operator.apply(PAYMENTS + deployment).status_code == 202
    others = [
        deployment.replace('["true"]', '["sh"]'),
        deployment.replace('["true"]', '["true"], args: ["-x"]'),
        deployment.replace('["true"]', '["true"], image: other'),
        deployment.replace('["true"]', '["true"], env: [{name: LD_PRELOAD, value: x}]'),
        deployment.replace(
            "      containers:", "      serviceAccountName: bank\n      containers:"
        ),
        deployment.replace("    spec:\n", "    spec:\n      initContainers: []\n"),
    ]
    assert [refused(bound.apply(one)) for one in others] == [(403, "deploy_needs_unbound")] * 6
    assert refused(bound.call("PUT", path, yaml=others[0])) == (403, "deploy_needs_unbound")
    steered = [
        bound.put("/workloads/shop/payments-v1/scale", {"replicas": 3}),
        bound.call("POST", "/workloads/shop/payments-v1/restart"),
        bound.apply(deployment.replace("replicas: 1", "replicas: 2")),
        bound.apply(strict()),
        bound.call("DELETE", path),
    ]
    assert [one.status_code for one in steered] == [202] * 5
    assert refused(bound.call("POST", "/revisions/6/revert")) == (403, "deploy_needs_unbound")
    assert operator.call("POST", "/revisions/6/revert").status_code == 202


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def test_nothing_is_published_before_a_worker_pushed_it(operator: Api) -> None:
    operator.apply(strict())
    assert facade.published_config() == PublishedConfig(number=0, accepted_at=0.0)


def test_pushing_publishes_every_earlier_revision_too(operator: Api) -> None:
    for mode in ("STRICT", "PERMISSIVE"):
        operator.apply(strict(mode))
    second = Revision.objects.get(number=2)
    publish.publish_through(2, second.accepted_at)
    published = facade.published_config(after=1)
    assert published is not None
    assert (published.number, published.accepted_at, [one.spec for one in published.documents]) == (
        2,
        second.accepted_at.timestamp(),
        [{"mtls": {"mode": "PERMISSIVE"}}],
    )
    assert facade.published_config(after=2) is None
    assert set(Revision.objects.values_list("state", flat=True)) == {RevisionState.PUSHED}


def test_what_is_accepted_later_is_not_in_what_is_published(operator: Api) -> None:
    operator.apply(strict())
    publish.publish_through(1, Revision.objects.get().accepted_at)
    operator.apply(strict("DISABLE"))
    operator.apply(strict(namespace="bank"))
    published = facade.published_config()
    assert published is not None
    assert [(str(one.key), one.spec) for one in published.documents] == [
        ("PeerAuthentication shop/default", {"mtls": {"mode": "STRICT"}})
    ]
