"""`meshweb cert` against the real API: listing, renewal on demand, root rotations."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mesh_web.accounts.services import create_token
from mesh_web.audit.models import AuditEvent
from proxy.identity import authority, certificates, rotating
from proxy.models import CertificateAuthority, HeldIdentity, ProxyRow
from rest.contracts import Role
from tests.mesh_web.cli.conftest import Meshweb

pytestmark = pytest.mark.django_db(transaction=True)

PROXY = "sidecar~127.66.0.2~cart-1.shop~shop.svc.cluster.local"
TWIN = "sidecar~127.66.0.3~cart-2.shop~shop.svc.cluster.local"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def admin(meshweb: Meshweb, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.ensure()
    monkeypatch.setenv("MESHWEB_TOKEN", create_token(name="ann", role=Role.ADMIN))


def proxy(proxy_id: str = PROXY, serial: str = "1f") -> None:
    pod = proxy_id.split("~")[2].split(".", maxsplit=1)[0]
    ProxyRow.objects.create(
        id=proxy_id, namespace="shop", pod=pod, workload="cart", connected=True, state="synced",
        updated_at=NOW,
    )  # fmt: skip
    root = authority.load().issuer
    HeldIdentity.objects.create(
        holder=proxy_id, proxy=True, node="local", uri="spiffe://cluster.local/ns/shop/sa/cart",
        serial=serial, issuer=root, roots=[root],
        not_before=NOW.timestamp(), not_after=NOW.timestamp() + 86_400,
    )  # fmt: skip


def test_the_list_says_what_agents_have_seen_their_envoys_take(meshweb: Meshweb) -> None:
    proxy()
    root = authority.load().issuer[:12]
    said = meshweb("cert").out.splitlines()[1].split()
    assert said == [
        "cart-1.shop", "cart", "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z", "1f", root,
    ]  # fmt: skip


def test_a_certificate_is_made_anew_for_all_who_share_it(meshweb: Meshweb) -> None:
    proxy()
    proxy(TWIN)
    said = meshweb("cert", "rotate", "cart-1", "-n", "shop")
    assert said.code == 0
    assert said.out == (
        "The certificate of spiffe://cluster.local/ns/shop/sa/cart is being made anew "
        "(shared with cart-2).\n"
    )
    assert rotating.to_renew("local") == ("1f",)
    assert "1f (renewing)" in meshweb("cert").out
    late = meshweb("cert", "rotate", "cart-1", "--wait", "--timeout", "0.1")
    assert (late.code, late.err.split(": ")[1]) == (
        1,
        "Its Envoy shows no other certificate after 0.1 s.\n",
    )
    assert meshweb("cert", "rotate", "nobody").err.endswith(
        "No connected proxy is called nobody.\n"
    )
    assert meshweb("cert", "rotate").code == 2


def test_a_root_rotation_is_started_followed_taken_on_and_back(meshweb: Meshweb) -> None:
    proxy()
    would = meshweb("cert", "rotate-root", "start", "--dry-run")
    assert (would.code, would.out.splitlines()[1].split()[:2]) == (0, ["proxy", PROXY])
    assert CertificateAuthority.objects.count() == 1

    began = meshweb("cert", "rotate-root", "start")
    assert began.code == 0
    assert began.out.splitlines()[-2:] == [
        "Rotation 1, started by ann: distributing, 0 of 1 proved it; it goes on by itself.",
        f"  proxy {PROXY} does not trust the new root yet",
    ]
    again = meshweb("cert", "rotate-root", "start")
    assert (again.code, again.err) == (1, "meshweb cert: A root rotation is under way.\n")
    forced = meshweb("cert", "rotate-root", "continue")
    assert "issuing, 0 of 1 proved it" in forced.out
    back = meshweb("cert", "rotate-root", "abort", "-o", "json")
    assert json.loads(back.out)["rotation"]["phase"] == "returning"
    meshweb("cert", "rotate-root", "continue")
    meshweb("cert", "rotate-root", "continue")
    ended = meshweb("cert", "rotate-root", "status", "--wait")
    assert "Rotation 1, started by ann: aborted" in ended.out
    assert "No root rotation is under way." in meshweb("cert", "rotate-root", "continue").err
    audited = [event.target for event in AuditEvent.objects.order_by("pk")]
    assert "/api/v1/certificates/rotation/abort" in audited


def test_a_root_of_ones_own_is_brought_in(meshweb: Meshweb) -> None:
    material = authority.new_root(datetime.now(UTC))
    Path("ca.pem").write_text(material.root_pem)
    Path("key.pem").write_text(certificates.key_pem(material.key))
    said = meshweb("cert", "import-root", "--certificate", "ca.pem", "--key", "key.pem", "--manual")
    assert "it waits for `continue`" in said.out
    assert CertificateAuthority.objects.latest("slot").certificate_pem == material.root_pem
    bad = meshweb("cert", "import-root", "--certificate", "key.pem", "--key", "key.pem")
    assert (bad.code, bad.err) == (
        1,
        "meshweb cert: This root cannot be used: this holds no PEM certificates.\n",
    )
    assert meshweb("cert", "import-root", "--certificate", "none", "--key", "none").code == 2
    assert meshweb("cert", "import-root").code == 2
    assert meshweb("cert", "rotate-root", "jump").code == 2


def test_only_administrators_touch_the_root(
    meshweb: Meshweb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESHWEB_TOKEN", create_token(name="op", role=Role.OPERATOR))
    for step in ("start", "continue", "abort"):
        said = meshweb("cert", "rotate-root", step)
        assert said.code == 1
        assert "op is not an administrator." in said.err
    assert meshweb("cert", "rotate-root", "status").code == 0
    proxy()
    assert meshweb("cert", "rotate", "cart-1").code == 0
    monkeypatch.setenv(
        "MESHWEB_TOKEN", create_token(name="bank", role=Role.OPERATOR, namespaces=("bank",))
    )
    assert "bank may not change namespace shop." in meshweb("cert", "rotate", "cart-1").err
