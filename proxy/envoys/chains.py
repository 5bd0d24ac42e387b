"""What stands in certificates, for people. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateInfo:
    """One certificate of a chain; times are Unix seconds, `serial` is in hexadecimal."""

    subject: str
    issuer: str
    sans: tuple[str, ...]
    serial: str
    not_before: float
    not_after: float
    authority: bool


def certificates_in(pem: str) -> tuple[CertificateInfo, ...]:
    """The certificates of a PEM text, the leaf first; () for what is none."""
    if not pem:
        return ()
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return ()
    return tuple(map(_info, found))


def _info(one: x509.Certificate) -> CertificateInfo:
    return CertificateInfo(
        subject=one.subject.rfc4514_string(),
        issuer=one.issuer.rfc4514_string(),
        sans=tuple(_sans(one)),
        serial=f"{one.serial_number:x}",
        not_before=one.not_valid_before_utc.timestamp(),
        not_after=one.not_valid_after_utc.timestamp(),
        authority=_is_authority(one),
    )


def _sans(one: x509.Certificate) -> Iterator[str]:
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for name in names:
        yield str(name.value)


def _is_authority(one: x509.Certificate) -> bool:
    try:
        return one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
