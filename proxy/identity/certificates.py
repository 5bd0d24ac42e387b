"""X.509 for the mesh: the root, certificate requests, SVIDs. Pure: no store, no clock."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_LIFETIME = timedelta(days=3650)
SVID_LIFETIME = timedelta(hours=24)
BACKDATED = timedelta(minutes=1)
"""For hosts whose clocks are a little behind ours."""

MAX_CSR_BYTES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Svid:
    """A signed certificate, as PEM: the leaf (and intermediates, once there are any)."""

    certificate_pem: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    certificate_pem: str
    key_pem: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request for a certificate is not granted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """A certificate request whose signature has been checked."""

    uri: str
    public_key: ec.EllipticCurvePublicKey


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """PKCS #8, unencrypted: for keys that stay in memory or in a file of mode 0600."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def certificate_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_root(
    trust_domain: str, key: ec.EllipticCurvePrivateKey, *, now: datetime
) -> x509.Certificate:
    """A self-signed root for one trust domain. It may sign leaves only."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Meshweb"),
            x509.NameAttribute(NameOID.COMMON_NAME, trust_domain),
        ]
    )
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(f"spiffe://{trust_domain}")]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )


def issue(
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    request: Request,
    *,
    now: datetime,
    hosts: Iterable[str] = (),
    lifetime: timedelta = SVID_LIFETIME,
) -> Svid:
    """Sign a leaf for `request.uri`; `hosts` are further DNS names and addresses of a server."""
    not_before, not_after = now - BACKDATED, min(now + lifetime, root.not_valid_after_utc)
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(request.uri)]
    names += [_host(host) for host in hosts]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(root.subject)
        .public_key(request.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        # critical, because the subject is empty (RFC 5280, 4.2.1.6)
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    return Svid(
        certificate_pem=certificate_pem(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def request_pem(uri: str, key: ec.EllipticCurvePrivateKey) -> str:
    """A certificate request for one SPIFFE ID, proving possession of `key`."""
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=True
        )
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )


def read_request(pem: str) -> Request | Refused:
    """Check a certificate request: well formed, self-signed with a P-256 key, exactly one URI."""
    if len(pem) > MAX_CSR_BYTES:
        return Refused("the certificate request is too large")
    try:
        csr = x509.load_pem_x509_csr(pem.encode())
        valid = csr.is_signature_valid
        key = csr.public_key()
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, UnsupportedAlgorithm, InvalidSignature, x509.ExtensionNotFound):
        return Refused("this is no certificate request for a SPIFFE ID")
    if not valid:
        return Refused("the certificate request is not signed with its own key")
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        return Refused("only ECDSA P-256 keys are signed")
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or len(names) != 1:
        return Refused("a certificate request names exactly one SPIFFE ID")
    return Request(uris[0], key)


def not_after(pem: str) -> datetime:
    """When the first certificate of a chain expires (UTC)."""
    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """Whose a certificate is and how long, in Unix seconds."""

    uri: str
    not_before: float
    not_after: float


def lifetime(pem: str) -> Lifetime:
    """Of the first certificate of a chain. Raises ValueError for what is no SVID."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise ValueError("the certificate names no SPIFFE ID") from error
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return Lifetime(
        uri=uris[0] if uris else "",
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
