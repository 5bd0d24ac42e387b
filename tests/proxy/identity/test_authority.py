"""The certificate authority: what it signs, what it refuses, how it is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.conf import settings
from django.test import override_settings

from proxy.identity import authority, certificates, join, spiffe
from proxy.identity.certificates import Refused, Svid
from proxy.models.identity import CertificateAuthority

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CART = "spiffe://cluster.local/ns/shop/sa/cart"


def anything(_: str) -> bool:
    return True


def fresh() -> authority.Authority:
    key = certificates.new_key()
    root = certificates.make_root("cluster.local", key, now=NOW)
    return authority.Authority(
        trust_domain="cluster.local",
        root=root,
        key=key,
        roots_pem=certificates.certificate_pem(root),
    )


def test_an_svid_names_its_workload_for_a_day_and_is_signed_by_the_root() -> None:
    ca = fresh()
    signed = ca.sign(certificates.request_pem(CART, certificates.new_key()), anything, now=NOW)
    assert isinstance(signed, Svid)
    leaf = x509.load_pem_x509_certificate(signed.certificate_pem.encode())
    leaf.verify_directly_issued_by(ca.root)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(names.value) == [x509.UniformResourceIdentifier(CART)]
    assert names.critical
    assert set(usages) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert (signed.not_before, signed.not_after) == (
        NOW - timedelta(minutes=1),
        NOW + timedelta(hours=24),
    )
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def other_key() -> str:
    key = ec.generate_private_key(ec.SECP384R1())
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(CART)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def two_names() -> str:
    names = x509.SubjectAlternativeName(
        [x509.UniformResourceIdentifier(CART), x509.DNSName("localhost")]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = builder.add_extension(names, critical=True).sign(certificates.new_key(), hashes.SHA256())
    return csr.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("csr", "reason"),
    [
        ("nonsense", "this is no certificate request for a SPIFFE ID"),
        ("x" * 9000, "the certificate request is too large"),
        (other_key(), "only ECDSA P-256 keys are signed"),
        (two_names(), "a certificate request names exactly one SPIFFE ID"),
    ],
)
def test_a_bad_request_is_refused(csr: str, reason: str) -> None:
    assert fresh().sign(csr, anything, now=NOW) == Refused(reason)


def test_a_request_signed_by_another_key_is_refused() -> None:
    good = certificates.request_pem(CART, certificates.new_key())
    raw = bytearray(x509.load_pem_x509_csr(good.encode()).public_bytes(serialization.Encoding.DER))
    raw[-1] ^= 1
    bad = x509.load_der_x509_csr(bytes(raw)).public_bytes(serialization.Encoding.PEM).decode()
    refused = fresh().sign(bad, anything, now=NOW)
    assert refused == Refused("the certificate request is not signed with its own key")


def test_another_identity_than_ones_own_is_refused() -> None:
    csr = certificates.request_pem(CART, certificates.new_key())
    refused = fresh().sign(csr, "spiffe://cluster.local/ns/shop/sa/reviews".__eq__, now=NOW)
    assert refused == Refused(f"{CART} is not yours")


def test_only_controls_certificate_names_a_host() -> None:
    pair = fresh().control_certificate(("localhost", "127.0.0.1"), now=NOW)
    leaf = x509.load_pem_x509_certificate(pair.certificate_pem.encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [n.value for n in names][:2] == [
        "spiffe://cluster.local/ns/meshweb-system/sa/control",
        "localhost",
    ]


@pytest.mark.parametrize(
    ("uri", "workload", "node"),
    [
        (CART, spiffe.WorkloadIdentity("shop", "cart"), None),
        ("spiffe://cluster.local/agent/local", None, "local"),
        ("spiffe://elsewhere/ns/shop/sa/cart", None, None),
        ("spiffe://elsewhere/agent/local", None, None),
        ("spiffe://cluster.local/ns/shop/sa/cart/x", None, None),
        ("spiffe://cluster.local/agent/a/b", None, None),
        ("", None, None),
    ],
)
def test_a_name_is_a_workloads_or_an_agents_of_this_trust_domain_or_nobodys(
    uri: str, workload: spiffe.WorkloadIdentity | None, node: str | None
) -> None:
    assert spiffe.workload_of("cluster.local", uri) == workload
    assert spiffe.node_of("cluster.local", uri) == node


@pytest.mark.django_db
def test_the_root_is_made_once_and_its_key_is_kept_encrypted() -> None:
    first, again = authority.ensure(), authority.ensure()
    assert first.roots_pem == again.roots_pem == (settings.HOME / "ca.pem").read_text()
    row = CertificateAuthority.objects.get()
    plain = first.key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    assert plain not in bytes(row.encrypted_key)
    assert plain[36:68] not in bytes(row.encrypted_key)


@pytest.mark.django_db
def test_another_secret_key_cannot_open_the_authority() -> None:
    authority.ensure()
    with override_settings(SECRET_KEY="another"), pytest.raises(InvalidTag):
        authority.load()


@pytest.mark.django_db
def test_a_join_token_works_once_for_its_node_until_it_expires() -> None:
    now = datetime.now(UTC)
    token = join.create("local")
    assert not join.redeem(token, "elsewhere", now=now)
    assert not join.redeem(token, "local", now=now + timedelta(hours=1))
    assert join.redeem(token, "local", now=now)
    assert not join.redeem(token, "local", now=now)
    assert not join.redeem("guessed", "local", now=now)
