"""X.509 for the mesh: the root, certificate requests, SVIDs. Pure: no store, no clock."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_LIFETIME = timedelta(days=3650)
SVID_LIFETIME = timedelta(hours=24)
BACKDATED = timedelta(minutes=1)
"""For hosts whose clocks are a little behind ours."""

MAX_CSR_BYTES = 8192
MAX_BUNDLE_BYTES = 65_536
LEAST_LEFT = timedelta(days=2)
"""How long a root that is brought in must still be valid."""

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Svid:
    """A signed certificate, as PEM: the leaf and the intermediates up to its root."""

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


def key_pem(key: SigningKey) -> str:
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
    root_key: SigningKey,
    request: Request,
    *,
    now: datetime,
    hosts: Iterable[str] = (),
    lifetime: timedelta = SVID_LIFETIME,
    chain_pem: str = "",
) -> Svid:
    """Sign a leaf for `request.uri`; `hosts` are further DNS names and addresses of a server.

    `chain_pem` is what stands between `root`, which signs, and those that are trusted; `root` first.
    """
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
        certificate_pem=certificate_pem(certificate) + chain_pem,
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
    """Whose a certificate is and how long, in Unix seconds; `serial` is hexadecimal."""

    uri: str
    serial: str
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
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in hexadecimal, as `openssl x509 -fingerprint` counts it."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def fingerprints(bundle_pem: str) -> tuple[str, ...]:
    """Of every certificate of a bundle, in its order. Raises ValueError for what is none."""
    return tuple(fingerprint(one) for one in x509.load_pem_x509_certificates(bundle_pem.encode()))


def signed_by(pem: str, bundle_pem: str) -> bool:
    """Whether a chain (PEM, leaf first) leads to a root of a bundle. Looks at no lifetimes."""
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
        roots = x509.load_pem_x509_certificates(bundle_pem.encode())
    except ValueError:
        return False
    linked = all(_signed(below, above) for below, above in pairwise(chain))
    return linked and any(_signed(chain[-1], root) for root in roots)


def _signed(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class RootMaterial:
    """A root and the key that signs; `chain_pem` leads from that key's certificate to the root."""

    root_pem: str
    chain_pem: str = ""
    key: SigningKey = field(repr=False)


def read_root(bundle_pem: str, key_pem: str, *, now: datetime) -> RootMaterial | Refused:
    """An authority of one's own: the signing certificate, those above it, the root last; its key."""
    if max(len(bundle_pem), len(key_pem)) > MAX_BUNDLE_BYTES:
        return Refused("the certificates or the key are too large")
    try:
        chain = x509.load_pem_x509_certificates(bundle_pem.encode())
    except ValueError:
        return Refused("this holds no PEM certificates")
    try:
        key = serialization.load_pem_private_key(key_pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Refused("this is no unencrypted PEM private key")
    if not isinstance(key, SigningKey):
        return Refused("the key must be ECDSA or RSA")
    trouble = next(_troubles(chain, key, now), None)
    if trouble is not None:
        return Refused(trouble)
    between = "".join(map(certificate_pem, chain[:-1]))
    return RootMaterial(root_pem=certificate_pem(chain[-1]), chain_pem=between, key=key)


def _troubles(chain: list[x509.Certificate], key: SigningKey, now: datetime) -> Iterator[str]:
    """What is wrong with a chain and the key of its first certificate."""
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < 2048:
        yield "an RSA key must have at least 2048 bits"
    if key.public_key() != chain[0].public_key():
        yield "the key is not that of the first certificate"
    if not all(_signed(below, above) for below, above in pairwise(chain)):
        yield "each certificate must be signed by the one after it"
    if not _signed(chain[-1], chain[-1]):
        yield "the last certificate must be a root, signed by itself"
    yield from filter(None, (_unfit(certificate, now) for certificate in chain))


def _unfit(certificate: x509.Certificate, now: datetime) -> str:
    """Why a certificate is none of an authority; "" when it is one."""
    name = certificate.subject.rfc4514_string()
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return f"{name} does not say that it may sign certificates (basic constraints, key usage)"
    if not basic.ca or not usage.key_cert_sign:
        return f"{name} may not sign certificates"
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - LEAST_LEFT:
        return f"{name} must be valid now and for {LEAST_LEFT.days} days more"
    return ""


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
