"""What is read of certificates and roots, as values."""

from dataclasses import dataclass

from cryptography import x509

from proxy import selectors
from proxy.contracts import ProxyStatus
from proxy.identity import authority
from proxy.identity.certificates import fingerprint
from proxy.models import CertificateAuthority, HeldIdentity, RootRotation


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateStatus:
    """The certificate of a connected proxy, as its agent tells, or (without one) as control saw it.

    Times are Unix seconds; `issuer` is the SHA-256 of its root.
    """

    proxy: str
    namespace: str
    pod: str
    workload: str
    expires_at: float
    issued_at: float | None = None
    identity: str = ""
    serial: str = ""
    issuer: str = ""
    renewing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RootStatus:
    """A root that is kept. Times are Unix seconds."""

    fingerprint: str
    subject: str
    not_before: float
    not_after: float
    trusted: bool
    signs: bool


def certificates(namespace: str = "") -> tuple[CertificateStatus, ...]:
    """Of the connected proxies, by namespace and pod."""
    held = {one.holder: one for one in HeldIdentity.objects.filter(proxy=True)}
    connected = (one for one in selectors.proxies(namespace) if one.connected)
    found = (_certificate(one, held.get(one.id)) for one in connected)
    return tuple(one for one in found if one is not None)


def roots() -> tuple[RootStatus, ...]:
    """Those that are kept, oldest first."""
    rows = list(CertificateAuthority.objects.all())
    if not rows:
        return ()
    slots = tuple(row.slot for row in rows)
    trusted, signing = authority.in_force(slots, RootRotation.objects.last())
    return tuple(
        _root(row.certificate_pem, trusted=row.slot in trusted, signs=row.slot == signing)
        for row in rows
    )


def _root(pem: str, *, trusted: bool, signs: bool) -> RootStatus:
    root = x509.load_pem_x509_certificate(pem.encode())
    return RootStatus(
        fingerprint=fingerprint(root),
        subject=root.subject.rfc4514_string(),
        not_before=root.not_valid_before_utc.timestamp(),
        not_after=root.not_valid_after_utc.timestamp(),
        trusted=trusted,
        signs=signs,
    )


def _certificate(proxy: ProxyStatus, held: HeldIdentity | None) -> CertificateStatus | None:
    expires = held.not_after if held is not None else proxy.certificate_expires_at
    if expires is None:
        return None
    return CertificateStatus(
        proxy=proxy.id,
        namespace=proxy.namespace,
        pod=proxy.pod,
        workload=proxy.workload,
        expires_at=expires,
        issued_at=held.not_before if held is not None else None,
        identity=held.uri if held is not None else "",
        serial=held.serial if held is not None else "",
        issuer=held.issuer if held is not None else "",
        renewing=held is not None and bool(held.serial) and held.replace == held.serial,
    )
