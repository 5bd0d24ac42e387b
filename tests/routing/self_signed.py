"""Certificates that sign themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True, slots=True)
class Lifetime:
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class SelfSigned:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


def of_today() -> Lifetime:
    start = datetime.now(UTC) - timedelta(hours=1)
    return Lifetime(start, start + timedelta(days=1))


def self_signed(
    name: str, *, lifetime: Lifetime | None = None, serial: int = 1, authority: bool = False
) -> SelfSigned:
    """For one DNS name; without a lifetime it is good today."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    good = lifetime or of_today()
    made = x509.CertificateBuilder(
        subject, subject, key.public_key(), serial, good.since, good.until
    ).add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    if authority:
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return SelfSigned(made.sign(key, hashes.SHA256()), key)
