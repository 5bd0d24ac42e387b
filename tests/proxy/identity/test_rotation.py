"""Root rotations: the phases, who has to prove them, and the way back."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from proxy.identity import authority, certificates, rotating
from proxy.identity.certificates import Refused, RootMaterial
from proxy.identity.rotation import BACK, NEXT, Held, Phase, lacks, version
from proxy.models import CertificateAuthority, ControlProcess, HeldIdentity, RootRotation

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(seconds=2)
OLD, NEW = "a" * 64, "b" * 64
URI = "spiffe://cluster.local/agent/local"


@pytest.mark.parametrize(
    ("phase", "issuer", "roots", "proved"),
    [
        (Phase.DISTRIBUTING, OLD, {OLD}, False),
        (Phase.DISTRIBUTING, OLD, {OLD, NEW}, True),
        (Phase.ISSUING, OLD, {OLD, NEW}, False),
        (Phase.ISSUING, NEW, {OLD, NEW}, True),
        (Phase.WITHDRAWING, NEW, {OLD, NEW}, False),
        (Phase.WITHDRAWING, NEW, {NEW}, True),
        (Phase.RETURNING, NEW, {OLD, NEW}, False),
        (Phase.RETURNING, OLD, {OLD, NEW}, True),
        (Phase.DROPPING, OLD, {OLD, NEW}, False),
        (Phase.DROPPING, OLD, {OLD}, True),
    ],
)
def test_a_phase_is_proved_by_what_is_held(
    phase: Phase, issuer: str, roots: set[str], proved: bool
) -> None:
    assert (lacks(phase, OLD, NEW, Held(issuer, frozenset(roots))) == "") is proved


def test_every_way_through_the_phases_ends_and_counts_up() -> None:
    for phase in Phase:
        after = [
            *([NEXT[phase]] if phase in NEXT else []),
            *([BACK[phase]] if phase in BACK else []),
        ]
        assert bool(after) is (phase not in (Phase.DONE, Phase.ABORTED))
        assert all(version(1, phase) < version(1, one) < version(2, phase) for one in after)


def held(name: str | None, issuer: str, roots: Iterable[str], serial: str = "1") -> dict[str, Any]:
    return {
        "proxy": name,
        "uri": URI,
        "serial": serial,
        "issuer": issuer,
        "roots": list(roots),
        "not_before": 0.0,
        "not_after": 1.0,
    }


def phase() -> str:
    return RootRotation.objects.latest("pk").phase


@pytest.mark.django_db
def test_a_rotation_goes_on_only_when_everybody_has_proved_the_phase() -> None:
    old = authority.ensure().issuer
    rotating.record("local", [held(None, old, [old])])
    assert rotating.start("ann", NOW) is None
    assert rotating.start("ben", NOW) == Refused("a root rotation is under way")
    both = authority.load()
    new = certificates.fingerprints(both.roots_pem)[1]
    assert (both.issuer, both.roots_pem.count("BEGIN")) == (old, 2)

    assert not rotating.advance(SOON)
    found = rotating.status(SOON)
    assert found is not None
    assert [(h.kind, h.lacks) for h in found.holders] == [
        ("agent", "does not trust the new root yet")
    ]
    rotating.record("local", [held(None, old, [old, new])])
    assert not rotating.advance(NOW)  # not at once
    assert rotating.advance(SOON)
    assert (phase(), authority.load().issuer) == ("issuing", new)

    later = SOON + timedelta(seconds=2)
    assert not rotating.advance(later)
    rotating.record("local", [held(None, new, [old, new])])
    assert rotating.advance(later)
    alone = authority.load()
    assert (phase(), alone.issuer) == ("withdrawing", new)
    assert certificates.fingerprints(alone.roots_pem) == (new,)
    assert rotating.abort(later) == Refused(
        "a rotation that is withdrawing cannot be aborted; let it end"
    )

    last = later + timedelta(seconds=2)
    rotating.record("local", [held(None, new, [new])])
    assert rotating.advance(last)
    assert (phase(), CertificateAuthority.objects.count()) == ("done", 1)
    assert authority.load().issuer == new
    assert rotating.proceed(last) == Refused("no root rotation is under way")


@pytest.mark.django_db
def test_a_control_process_that_lags_behind_is_waited_for_while_it_lives() -> None:
    authority.ensure()
    rotating.start("ann", NOW)
    ControlProcess.objects.create(name="slow", seen_at=SOON, trust=0)
    assert not rotating.advance(SOON)
    assert rotating.advance(SOON + timedelta(seconds=10))


@pytest.mark.django_db
def test_an_abort_takes_the_way_back() -> None:
    old = authority.ensure().issuer
    rotating.start("ann", NOW)
    assert rotating.proceed(NOW) is None
    new = authority.load().issuer
    assert new != old
    rotating.record("local", [held(None, new, [old, new])])
    assert rotating.abort(NOW) is None
    assert (phase(), authority.load().issuer) == ("returning", old)
    assert not rotating.advance(SOON)
    rotating.record("local", [held(None, old, [old, new])])
    assert rotating.advance(SOON)
    assert certificates.fingerprints(authority.load().roots_pem) == (old,)
    rotating.record("local", [held(None, old, [old])])
    assert rotating.advance(SOON + timedelta(seconds=2))
    assert (phase(), authority.load().issuer) == ("aborted", old)
    assert CertificateAuthority.objects.count() == 1


@pytest.mark.django_db
def test_a_manual_rotation_waits_to_be_told() -> None:
    authority.ensure()
    rotating.start("ann", NOW, automatic=False)
    assert not rotating.advance(SOON)
    assert rotating.proceed(SOON) is None
    assert phase() == "issuing"


@pytest.mark.django_db
def test_a_certificate_is_renewed_on_demand_until_it_is_another() -> None:
    HeldIdentity.objects.create(
        holder="p1", proxy=True, node="local", uri=URI, serial="1f", issuer=OLD,
        not_before=0, not_after=1,
    )  # fmt: skip
    assert rotating.to_renew("local") == ()
    asked = rotating.ask_for_renewal("p1")
    assert asked is not None
    assert asked.serial == "1f"
    assert rotating.to_renew("local") == ("1f",)
    assert rotating.to_renew("elsewhere") == ()
    HeldIdentity.objects.update(serial="20")
    assert rotating.to_renew("local") == ()
    assert rotating.ask_for_renewal("nobody") is None


@pytest.mark.django_db
def test_an_agent_speaks_only_of_its_own_node() -> None:
    rotating.record("local", [held(None, OLD, [OLD]), held("sidecar~somebody", OLD, [OLD])])
    assert [row.holder for row in HeldIdentity.objects.all()] == ["agent local"]
    with pytest.raises(KeyError):
        rotating.record("local", [{"proxy": None}])


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def authority_certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    by: tuple[str, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey] | None = None,
    *,
    days: int = 100,
    ca: bool = True,
) -> str:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    issuer, signing = by or (name, key)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
         "key_agreement", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
        .sign(signing, hashes.SHA256())
    )
    return certificates.certificate_pem(made)


ROOT_KEY = rsa.generate_private_key(65537, 2048)
SIGNING_KEY = certificates.new_key()
ROOT = authority_certificate("own root", ROOT_KEY)
SIGNER = authority_certificate("own issuer", SIGNING_KEY, ("own root", ROOT_KEY))
SHORT = authority_certificate("own root", ROOT_KEY, days=1)
LEAF = authority_certificate("leaf", SIGNING_KEY, ca=False)


@pytest.mark.parametrize(
    ("bundle", "key", "reason"),
    [
        ("nonsense", pem(ROOT_KEY), "this holds no PEM certificates"),
        (ROOT, "nonsense", "this is no unencrypted PEM private key"),
        (ROOT, pem(SIGNING_KEY), "the key is not that of the first certificate"),
        (SIGNER, pem(SIGNING_KEY), "the last certificate must be a root, signed by itself"),
        (ROOT + SIGNER, pem(ROOT_KEY), "each certificate must be signed by the one after it"),
        (SHORT, pem(ROOT_KEY), "CN=own root must be valid now and for 2 days more"),
        (LEAF, pem(SIGNING_KEY), "CN=leaf may not sign certificates"),
        ("x" * 70_000, pem(ROOT_KEY), "the certificates or the key are too large"),
    ],
)
def test_a_root_of_ones_own_is_looked_at_closely(bundle: str, key: str, reason: str) -> None:
    assert certificates.read_root(bundle, key, now=NOW) == Refused(reason)


@pytest.mark.django_db
def test_leaves_of_an_own_authority_lead_to_its_root() -> None:
    authority.ensure()
    material = certificates.read_root(SIGNER + ROOT, pem(SIGNING_KEY), now=NOW)
    assert isinstance(material, RootMaterial)
    assert rotating.start("ann", NOW, material=material) is None
    rotating.proceed(NOW)
    ca = authority.load()
    signed = ca.sign(certificates.request_pem(URI, certificates.new_key()), URI.__eq__, now=NOW)
    assert isinstance(signed, certificates.Svid)
    assert signed.certificate_pem.endswith(SIGNER)
    assert certificates.signed_by(signed.certificate_pem, ROOT)
    assert not certificates.signed_by(signed.certificate_pem, SIGNER)
    row = CertificateAuthority.objects.latest("slot")
    assert pem(SIGNING_KEY).encode() not in bytes(row.encrypted_key)
