"""The mesh's certificate authority: a root kept encrypted in the database, and what it signs."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from proxy.identity import certificates, spiffe
from proxy.identity.certificates import KeyPair, Refused, Request, Svid
from proxy.models.identity import CertificateAuthority

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The root that signs, and all that are trusted. Holds a private key: never log it."""

    trust_domain: str
    root: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    roots_pem: str

    def sign(
        self, csr_pem: str, allowed: Callable[[str], bool], *, now: datetime
    ) -> Svid | Refused:
        """A 24 h certificate for the SPIFFE ID that a request names, if that is `allowed`."""
        request = certificates.read_request(csr_pem)
        if isinstance(request, Refused):
            return request
        if not allowed(request.uri):
            return Refused(f"{request.uri} is not yours")
        return certificates.issue(self.root, self.key, request, now=now)

    def control_certificate(self, hosts: tuple[str, ...], *, now: datetime) -> KeyPair:
        """A fresh certificate for control's own servers; it never leaves memory."""
        key = certificates.new_key()
        request = Request(spiffe.control_id(self.trust_domain), key.public_key())
        svid = certificates.issue(self.root, self.key, request, now=now, hosts=hosts)
        return KeyPair(certificate_pem=svid.certificate_pem, key_pem=certificates.key_pem(key))


def ensure() -> Authority:
    """The authority, made at the first start; also writes MESHWEB_HOME/ca.pem, the trusted roots."""
    if not CertificateAuthority.objects.exists():
        _make_first_root()
    authority = load()
    write_roots(settings.HOME / "ca.pem", authority.roots_pem)
    return authority


def load() -> Authority:
    """The authority as it is in the database. Raises LookupError before the first start."""
    rows = list(CertificateAuthority.objects.all())
    if not rows:
        raise LookupError("there is no certificate authority yet")
    newest = rows[-1]
    key = serialization.load_der_private_key(_decrypt(bytes(newest.encrypted_key)), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not an ECDSA key")
    return Authority(
        trust_domain=settings.TRUST_DOMAIN,
        root=x509.load_pem_x509_certificate(newest.certificate_pem.encode()),
        key=key,
        roots_pem="".join(row.certificate_pem for row in rows),
    )


def write_roots(path: Path, roots_pem: str) -> None:
    """Replace the roots file in one step; readers see the old or the new one, never half."""
    if path.exists() and path.read_text() == roots_pem:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(roots_pem)
    fresh.replace(path)


def _make_first_root() -> None:
    key = certificates.new_key()
    now = timezone.now()
    root = certificates.make_root(settings.TRUST_DOMAIN, key, now=now)
    secret = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        with transaction.atomic():
            CertificateAuthority.objects.create(
                slot=1,
                certificate_pem=certificates.certificate_pem(root),
                encrypted_key=_encrypt(secret),
                created_at=now,
            )
    except IntegrityError:  # another process of the first start was quicker
        pass


def _cipher() -> AESGCM:
    derived = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=b"meshweb certificate authority"
    ).derive(settings.SECRET_KEY.encode())
    return AESGCM(derived)


def _encrypt(secret: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher().encrypt(nonce, secret, None)


def _decrypt(sealed: bytes) -> bytes:
    """Raises cryptography's InvalidTag if SECRET_KEY is not the one it was sealed with."""
    return _cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
