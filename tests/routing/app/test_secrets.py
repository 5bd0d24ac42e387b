"""Secrets of every type: written, sealed, named by digest, never read back."""

import base64
import hashlib
import json
from typing import Any

import pytest
from django.core import serializers
from django.db.models import Model

from mesh_web.audit.models import AuditEvent
from routing import facade
from routing.contracts import PublishedSecret
from routing.models import Resource, ResourceVersion, Revision, StoredSecret
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
    assert spec == {
        "type": "kubernetes.io/tls",
        "digest": "sha256:" + hashlib.sha256(CERTIFICATE + b"\0" + KEY).hexdigest(),
        "keys": ["tls.crt", "tls.key"],
    }
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


def test_control_is_handed_authorities_beside_a_certificate_and_alone(operator: Api) -> None:
    operator.apply(secret() + "stringData: {ca.crt: trusted}\n")
    operator.apply(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: edge-cacert, namespace: shop}\n"
        "stringData: {cacert: others}\n"
    )
    assert [(one.name, one.certificate, one.authorities) for one in published()] == [
        ("edge", CERTIFICATE, b"trusted"),
        ("edge-cacert", b"", b"others"),
    ]


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
        secret().partition("data:")[0] + "digest: sha256:0000\nkeys: [a b]\n",
        secret().partition("data:")[0] + "digest: hmac:0000\n",
        secret().replace("data:", "type: [a]\ndata:").replace("type: kubernetes.io/tls\n", ""),
        secret().replace("data:", "stringData: [a]\ndata:"),
        secret().replace("tls.key: ", "tls.key: 7 #"),
        secret().replace("tls.key: ", "'tls key': "),
    ],
)
def test_an_unreadable_certificate_is_refused(operator: Api, text: str) -> None:
    response = operator.apply(text)
    assert response.status_code == 422
    assert not StoredSecret.objects.exists()


MARK = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
HELD = f"-----BEGIN PRIVATE KEY-----\n{MARK}\n-----END PRIVATE KEY-----\n"
CLEAR = (HELD, MARK, base64.b64encode(HELD.encode()).decode())


def manifest(**parts: Any) -> str:
    """A Secret that holds a key, and kubectl's copy of it among its annotations."""
    whole = {"apiVersion": "v1", "kind": "Secret", **parts}
    metadata = {"name": "edge", "namespace": "shop"}
    copies = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps(whole),
        "kapp.k14s.io/original": json.dumps(whole),
    }
    return json.dumps({**whole, "metadata": {**metadata, "annotations": copies}})


@pytest.mark.parametrize(
    ("text", "kept_type", "names"),
    [
        (manifest(data={"tls.crt": "", "tls.key": CLEAR[2]}), "Opaque", ["tls.crt", "tls.key"]),
        (manifest(type="Opaque", data={"key": CLEAR[2]}), "Opaque", ["key"]),
        (manifest(type="Opaque", stringData={"key": HELD}), "Opaque", ["key"]),
        (manifest(type="Opaque", data={}, spec={"key": HELD}), "Opaque", []),
        (manifest(type="Opaque", **{"tls.key": HELD}), "Opaque", []),
        (manifest(type="Opaque", digest="hmac:0", data={"key": CLEAR[2]}), "Opaque", ["key"]),
        (
            manifest(type="kubernetes.io/tls", stringData={"tls.crt": "c", "tls.key": HELD}),
            "kubernetes.io/tls",
            ["tls.crt", "tls.key"],
        ),
    ],
)
def test_no_key_is_in_any_table_or_answer(
    operator: Api, viewer: Api, text: str, kept_type: str, names: list[str]
) -> None:
    foreseen = operator.apply(text, "?dry_run=true")
    applied = operator.apply(text)
    assert applied.status_code == 202, applied.content
    read = viewer.get(PATH).json()
    assert (read["spec"]["type"], read["spec"]["keys"]) == (kept_type, names)
    assert sorted(read["spec"]) == ["digest", "keys", "type"]
    assert read["metadata"]["annotations"] == {}
    operator.call("DELETE", PATH)
    paths = ("/resources", "/resources?at=1", "/revisions", "/revisions/1", "/revisions/2")
    answers = [viewer.get(one).content for one in (*paths, "/revisions/1/compare/2")]
    shown = b"".join((foreseen.content, applied.content, *answers)).decode()
    assert [one for one in CLEAR if one in shown or one in tables()] == []


def tables() -> str:
    """Every row that a request may leave behind, as text; sealed bytes as they are."""
    kinds: list[type[Model]] = [Resource, ResourceVersion, Revision, StoredSecret, AuditEvent]
    rows = [one for kind in kinds for one in kind._default_manager.all()]
    sealed = b"".join(bytes(one.sealed) for one in StoredSecret.objects.all())
    return str(serializers.serialize("json", rows)) + sealed.decode("latin-1")


def test_an_opaque_secret_is_sealed_and_told_apart_by_digest(operator: Api) -> None:
    def digest(text: str) -> str:
        operator.apply(text)
        return str(operator.get(PATH).json()["spec"]["digest"])

    first = digest(manifest(stringData={"password": "hunter2"}))
    again = digest(manifest(data={"password": base64.b64encode(b"hunter2").decode()}))
    other = digest(manifest(stringData={"password": "hunter3"}))
    assert first.startswith("hmac:")
    assert (again, other != first) == (first, True)
    assert Revision.objects.count() == StoredSecret.objects.count() == 2


def test_what_was_read_can_be_written_back(operator: Api) -> None:
    operator.apply(manifest(stringData={"password": "hunter2"}))
    read = operator.get(PATH).json()
    written = operator.put(PATH, read)
    assert (written.status_code, written.json()["revision"]) == (200, 1)


def test_an_opaque_secret_is_no_certificate(operator: Api) -> None:
    operator.apply(manifest(stringData={"tls.key": "k"}))
    read = operator.get(PATH).json()
    read["spec"]["type"] = "kubernetes.io/tls"
    assert operator.put(PATH, read).status_code == 422
    assert published() == ()


def test_kubectls_copy_is_dropped_from_every_kind(operator: Api) -> None:
    copy = "kubectl.kubernetes.io/last-applied-configuration"
    operator.apply(
        "apiVersion: v1\nkind: ServiceAccount\n"
        f"metadata: {{name: edge, namespace: shop, annotations: {{{copy}: '{{}}', a: b}}}}\n"
    )
    read = operator.get("/namespaces/shop/ServiceAccount/edge").json()
    assert read["metadata"]["annotations"] == {"a": "b"}
