"""The mesh's certificate authority: a root kept encrypted in the database, and what it signs."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from proxy.identity import certificates, spiffe
from proxy.identity import rotation as phases
from proxy.identity.certificates import KeyPair, Refused, Request, RootMaterial, SigningKey, Svid
from proxy.identity.rotation import Phase
from proxy.models.identity import CertificateAuthority, RootRotation

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The root that signs, and all that are trusted. Holds a private key: never log it.

    `root` is the certificate of `key`; `chain_pem` is empty when it is trusted itself, else what
    leads from it to the trusted root. `issuer` is that root's fingerprint. `version` grows with
    every phase of a rotation.
    """

    trust_domain: str
    root: x509.Certificate
    key: SigningKey = field(repr=False)
    roots_pem: str
    chain_pem: str = ""
    issuer: str = ""
    version: int = 0

    def sign(
        self, csr_pem: str, allowed: Callable[[str], bool], *, now: datetime
    ) -> Svid | Refused:
        """A 24 h certificate for the SPIFFE ID that a request names, if that is `allowed`."""
        request = certificates.read_request(csr_pem)
        if isinstance(request, Refused):
            return request
        if not allowed(request.uri):
            return Refused(f"{request.uri} is not yours")
        return certificates.issue(self.root, self.key, request, now=now, chain_pem=self.chain_pem)

    def control_certificate(self, hosts: tuple[str, ...], *, now: datetime) -> KeyPair:
        """A fresh certificate for control's own servers; it never leaves memory."""
        key = certificates.new_key()
        request = Request(spiffe.control_id(self.trust_domain), key.public_key())
        svid = certificates.issue(
            self.root, self.key, request, now=now, hosts=hosts, chain_pem=self.chain_pem
        )
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
    with transaction.atomic():  # a root and the phase it is in belong together
        rows = {row.slot: row for row in CertificateAuthority.objects.all()}
        rotation = RootRotation.objects.last()
    if not rows:
        raise LookupError("there is no certificate authority yet")
    trusted, signing = in_force(tuple(rows), rotation)
    signer, root = rows[signing], _certificate(rows[signing].certificate_pem)
    return Authority(
        trust_domain=settings.TRUST_DOMAIN,
        root=_certificate(signer.chain_pem or signer.certificate_pem),
        key=_key(_decrypt(bytes(signer.encrypted_key))),
        roots_pem="".join(rows[slot].certificate_pem for slot in trusted),
        chain_pem=signer.chain_pem,
        issuer=certificates.fingerprint(root),
        version=version(rotation),
    )


def current_version() -> int:
    """The version of what is in force; cheaper than `load`."""
    return version(RootRotation.objects.last())


def version(rotation: RootRotation | None) -> int:
    return 0 if rotation is None else phases.version(rotation.pk, Phase(rotation.phase))


def in_force(slots: tuple[int, ...], rotation: RootRotation | None) -> tuple[tuple[int, ...], int]:
    """The slots that are trusted, oldest first, and the one that signs."""
    if rotation is None or not rotation.open:
        return slots, slots[-1]
    phase = Phase(rotation.phase)
    old, new = rotation.old_slot, rotation.new_slot
    trusts = {old: phase in phases.TRUSTS_OLD, new: phase in phases.TRUSTS_NEW}
    trusted = tuple(slot for slot in slots if trusts.get(slot, True))
    return trusted, new if phase in phases.SIGNS_NEW else old


def _certificate(pem: str) -> x509.Certificate:
    """The first of a bundle."""
    return x509.load_pem_x509_certificate(pem.encode())


def _key(der: bytes) -> SigningKey:
    key = serialization.load_der_private_key(der, None)
    if not isinstance(key, SigningKey):
        raise TypeError("the authority's key is neither ECDSA nor RSA")
    return key


def add_root(material: RootMaterial, now: datetime) -> CertificateAuthority:
    """Keep another root, its key encrypted. In the caller's transaction."""
    newest = CertificateAuthority.objects.last()
    return CertificateAuthority.objects.create(
        slot=1 if newest is None else newest.slot + 1,
        certificate_pem=material.root_pem,
        chain_pem=material.chain_pem,
        encrypted_key=_encrypt(_secret(material.key)),
        created_at=now,
    )


def new_root(now: datetime) -> RootMaterial:
    """A root of our own, valid for ten years."""
    key = certificates.new_key()
    root = certificates.make_root(settings.TRUST_DOMAIN, key, now=now)
    return RootMaterial(root_pem=certificates.certificate_pem(root), key=key)


def _secret(key: SigningKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
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
    now = timezone.now()
    try:
        with transaction.atomic():
            add_root(new_root(now), now)
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
