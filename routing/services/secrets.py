"""Gateways' certificates: sealed at rest, named by digest in revisions, opened for control only."""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from routing.contracts import Document, PublishedSecret, ResourceKey
from routing.models import StoredSecret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TLS_TYPE = "kubernetes.io/tls"
NONCE_BYTES = 12


def is_tls_secret(document: Document) -> bool:
    return document.key.kind == "Secret" and document.spec.get("type") == TLS_TYPE


def split_secret(document: Document) -> tuple[Document, PublishedSecret | None]:
    """The document as a revision may hold it (a digest for the bytes), and the bytes.

    A document that only names a digest (read back, or reverted to) has no bytes. Undecodable data
    is a ValueError with a sentence for the user.
    """
    if not is_tls_secret(document) or "digest" in document.spec:
        return document, None
    certificate, private_key = _part(document, "tls.crt"), _part(document, "tls.key")
    digest = "sha256:" + hashlib.sha256(certificate + b"\0" + private_key).hexdigest()
    bare = Document(
        key=document.key,
        api_version=document.api_version,
        spec={"type": TLS_TYPE, "digest": digest},
        labels=document.labels,
        annotations=document.annotations,
        created_at=document.created_at,
    )
    secret = PublishedSecret(
        namespace=document.key.namespace,
        name=document.key.name,
        digest=digest,
        certificate=certificate,
        private_key=private_key,
    )
    return bare, secret


def _part(document: Document, name: str) -> bytes:
    clear: Mapping[str, object] = document.spec.get("stringData") or {}
    if isinstance(clear, Mapping) and isinstance(clear.get(name), str):
        return str(clear[name]).encode()
    encoded: Mapping[str, object] = document.spec.get("data") or {}
    if isinstance(encoded, Mapping) and isinstance(encoded.get(name), str):
        try:
            return base64.b64decode(str(encoded[name]), validate=True)
        except binascii.Error as error:
            raise ValueError(f"data[{name}] is not base64") from error
    raise ValueError(f"data[{name}] is missing")


def store_secret(secret: PublishedSecret) -> None:
    """Seal and keep it; a version that is there already stays as it is."""
    StoredSecret.objects.get_or_create(
        namespace=secret.namespace,
        name=secret.name,
        digest=secret.digest,
        defaults={"sealed": _seal(secret), "created": timezone.now()},
    )


def stored(key: ResourceKey, digest: str) -> bool:
    """Whether the bytes behind a digest are known."""
    return StoredSecret.objects.filter(
        namespace=key.namespace, name=key.name, digest=digest
    ).exists()


def published_secrets(documents: Iterable[Document]) -> tuple[PublishedSecret, ...]:
    """The certificates that these documents name, opened; sorted as the documents are."""
    wanted = [
        (found.key.namespace, found.key.name, str(found.spec.get("digest")))
        for found in documents
        if is_tls_secret(found)
    ]
    if not wanted:
        return ()
    rows = {
        (row.namespace, row.name, row.digest): row
        for row in StoredSecret.objects.filter(digest__in=[digest for _, _, digest in wanted])
    }
    return tuple(_open(rows[identity]) for identity in wanted if identity in rows)


@cache
def _cipher() -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"meshweb gateway secrets")
    return AESGCM(derive.derive(settings.SECRET_KEY.encode()))


def _bound_to(namespace: str, name: str, digest: str) -> bytes:
    """A sealed value opens only under the name it was sealed for."""
    return f"{namespace}/{name}/{digest}".encode()


def _seal(secret: PublishedSecret) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    clear = json.dumps([secret.certificate.decode("latin-1"), secret.private_key.decode("latin-1")])
    bound = _bound_to(secret.namespace, secret.name, secret.digest)
    return nonce + _cipher().encrypt(nonce, clear.encode(), bound)


def _open(row: StoredSecret) -> PublishedSecret:
    sealed = bytes(row.sealed)
    bound = _bound_to(row.namespace, row.name, row.digest)
    clear = _cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    certificate, private_key = json.loads(clear)
    return PublishedSecret(
        namespace=row.namespace,
        name=row.name,
        digest=row.digest,
        certificate=certificate.encode("latin-1"),
        private_key=private_key.encode("latin-1"),
    )
