"""Gateway certificates: written, sealed, named by digest, never read back."""

import base64

import pytest

from routing import facade
from routing.contracts import PublishedSecret
from routing.models import Revision, StoredSecret
from routing.services import publish
from tests.routing.app.shop import Api

pytestmark = pytest.mark.django_db

PATH = "/namespaces/shop/Secret/edge"
CERTIFICATE, KEY = b"-----BEGIN CERTIFICATE-----\n", b"-----BEGIN PRIVATE KEY-----\n"


def secret(certificate: bytes = CERTIFICATE, key: bytes = KEY) -> str:
    return (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: edge, namespace: shop}\n"
        "type: kubernetes.io/tls\n"
        f"data: {{tls.crt: {base64.b64encode(certificate).decode()}, "
        f"tls.key: {base64.b64encode(key).decode()}}}\n"
    )


def published() -> tuple[PublishedSecret, ...]:
    newest = Revision.objects.order_by("-number")[0]
    publish.publish_through(newest.number, newest.accepted_at)
    config = facade.published_config()
    assert config is not None
    return config.secrets


def test_a_key_is_sealed_and_only_its_digest_is_shown(operator: Api) -> None:
    response = operator.apply(secret())
    assert response.status_code == 202, response.content
    assert b"PRIVATE KEY" not in StoredSecret.objects.get().sealed
    spec = operator.get(PATH).json()["spec"]
    assert (spec["type"], spec["digest"][:7], sorted(spec)) == (
        "kubernetes.io/tls",
        "sha256:",
        ["digest", "type"],
    )
    for path in ("/revisions/1", "/resources", PATH):
        assert base64.b64encode(KEY) not in operator.get(path).content


def test_control_is_handed_the_certificate_in_force(operator: Api) -> None:
    operator.apply(secret())
    (one,) = published()
    assert (one.namespace, one.name, one.certificate, one.private_key) == (
        "shop",
        "edge",
        CERTIFICATE,
        KEY,
    )
    assert "PRIVATE KEY" not in repr(one)


def test_reverting_brings_the_old_certificate_back(operator: Api) -> None:
    operator.apply(secret())
    operator.apply(secret(certificate=b"another"))
    assert [one.certificate for one in published()] == [b"another"]
    assert operator.call("POST", "/revisions/2/revert").status_code == 202
    assert [one.certificate for one in published()] == [CERTIFICATE]


def test_applying_the_same_certificate_again_changes_nothing(operator: Api) -> None:
    operator.apply(secret())
    assert (operator.apply(secret()).status_code, StoredSecret.objects.count()) == (200, 1)


@pytest.mark.parametrize(
    "text",
    [
        secret().replace("tls.key: ", "tls.nothing: "),
        secret().replace("tls.crt: ", "tls.crt: '!' #"),
        secret().partition("data:")[0] + "digest: sha256:0000\n",
    ],
)
def test_an_unreadable_certificate_is_refused(operator: Api, text: str) -> None:
    response = operator.apply(text)
    assert response.status_code == 422
    assert not StoredSecret.objects.exists()
