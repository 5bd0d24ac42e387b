"""Secrets: sealed at rest, named by digest in revisions; certificates are opened for control only.

What a revision holds of a Secret of any type is its type, its keys' names and a digest.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from routing.compile.secrets import AUTHORITIES, tls_parts
from routing.contracts import Document, PublishedSecret, ResourceKey
from routing.models import StoredSecret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TLS_TYPE = "kubernetes.io/tls"
CERTIFICATE, PRIVATE_KEY = "tls.crt", "tls.key"
TLS_DIGEST = "sha256:"
NONCE_BYTES = 12
KEY_NAME = re.compile(r"[-._a-zA-Z0-9]{1,253}")
TYPE_NAME = re.compile(r"[-._/a-zA-Z0-9]{1,253}")
COPY_OF_ALL = "kubectl.kubernetes.io/last-applied-configuration"
"""kubectl writes the whole manifest into it, a Secret's data too."""
OUR_ANNOTATIONS = "meshweb.dev/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretData:
    """The bytes of a Secret by their names; `digest` tells versions of it apart."""

    namespace: str
    name: str
    digest: str
    values: Mapping[str, bytes] = field(repr=False)


def is_tls_secret(document: Document) -> bool:
    return document.key.kind == "Secret" and document.spec.get("type") == TLS_TYPE


def split_secret(document: Document) -> tuple[Document, SecretData | None]:
    """The document as a revision may hold it, and the bytes that it may not.

    A Secret that only names a digest (read back, or reverted to) has no bytes. Data that cannot be
    read is a ValueError with a sentence for the user.
    """
    if document.key.kind != "Secret":
        return _without(document, COPY_OF_ALL), None
    spec = document.spec
    secret_type = spec.get("type") or "Opaque"
    if not (isinstance(secret_type, str) and TYPE_NAME.fullmatch(secret_type)):
        raise ValueError("type is not the name of a type")
    known = spec.get("digest")
    if known and not (spec.get("data") or spec.get("stringData")):
        names = _names(spec.get("keys") or [])
        if secret_type == TLS_TYPE and not str(known).startswith(TLS_DIGEST):
            raise ValueError("digest is not that of a certificate")
        return _bare(document, secret_type, str(known), names), None
    values = _values(spec)
    if secret_type == TLS_TYPE:
        for name in (CERTIFICATE, PRIVATE_KEY):
            if name not in values:
                raise ValueError(f"data[{name}] is missing")
    key = document.key
    digest = _digest(key, values) if secret_type != TLS_TYPE else _tls_digest(values)
    data = SecretData(namespace=key.namespace, name=key.name, digest=digest, values=values)
    return _bare(document, secret_type, digest, sorted(values)), data


def _bare(document: Document, secret_type: str, digest: str, names: list[str]) -> Document:
    spec: dict[str, Any] = {"type": secret_type, "digest": digest, "keys": names}
    kept = tuple(one for one in document.annotations if one[0].startswith(OUR_ANNOTATIONS))
    return replace(document, spec=spec, annotations=kept)


def _without(document: Document, annotation: str) -> Document:
    kept = tuple(one for one in document.annotations if one[0] != annotation)
    return document if kept == document.annotations else replace(document, annotations=kept)


def _values(spec: Mapping[str, Any]) -> dict[str, bytes]:
    """`data`, decoded, with `stringData` over it, as Kubernetes merges them."""
    encoded, clear = (_mapping(spec, part) for part in ("data", "stringData"))
    _names([*encoded, *clear])
    decoded = {name: _decoded(name, text) for name, text in encoded.items() if name not in clear}
    return {**decoded, **{name: text.encode() for name, text in clear.items()}}


def _mapping(spec: Mapping[str, Any], part: str) -> dict[str, str]:
    given = spec.get(part)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ValueError(f"{part} is not a mapping")  # noqa: TRY004  a sentence for the user
    for name, text in given.items():
        if text is not None and not isinstance(text, str):
            raise ValueError(f"{part}[{name[:60]}] is not text")
    return {name: text or "" for name, text in given.items()}


def _names(given: Any) -> list[str]:
    if not isinstance(given, (list, tuple)):
        raise ValueError("keys is not a list")  # noqa: TRY004  a sentence for the user
    for name in given:
        if not (isinstance(name, str) and KEY_NAME.fullmatch(name)):
            raise ValueError("the name of a key has other than letters, digits, -, _ and .")
    return sorted(given)


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"data[{name}] is not base64") from error


def _tls_digest(values: Mapping[str, bytes]) -> str:
    """A private key cannot be guessed from its digest."""
    digest = hashlib.sha256(values[CERTIFICATE] + b"\0" + values[PRIVATE_KEY])
    rest = {name: one for name, one in values.items() if name not in (CERTIFICATE, PRIVATE_KEY)}
    if rest:
        digest.update(b"\0" + _packed(rest))
    return TLS_DIGEST + digest.hexdigest()


def _digest(key: ResourceKey, values: Mapping[str, bytes]) -> str:
    """Keyed: a password could be guessed from a plain digest, and equal ones would show."""
    bound = f"{key.namespace}/{key.name}\0".encode()
    return "hmac:" + hmac.new(_derived(b"digests"), bound + _packed(values), "sha256").hexdigest()


def _packed(values: Mapping[str, bytes]) -> bytes:
    clear = {name: one.decode("latin-1") for name, one in values.items()}
    return json.dumps(clear, sort_keys=True).encode()


def store_secret(secret: SecretData) -> None:
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
    """The certificates and authorities that these documents name, opened; sorted as they are."""
    wanted = [
        (found.namespace, found.name, found.digest)
        for document in documents
        if (found := tls_parts(document)) is not None
    ]
    if not wanted:
        return ()
    rows = {
        (row.namespace, row.name, row.digest): row
        for row in StoredSecret.objects.filter(digest__in=[digest for _, _, digest in wanted])
    }
    return tuple(_certificate(_open(rows[one])) for one in wanted if one in rows)


@cache
def _derived(purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"meshweb " + purpose)
    return derive.derive(settings.SECRET_KEY.encode())


@cache
def _cipher() -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(_derived(b"gateway secrets"))


def _bound_to(namespace: str, name: str, digest: str) -> bytes:
    """A sealed value opens only under the name it was sealed for."""
    return f"{namespace}/{name}/{digest}".encode()


def _seal(secret: SecretData) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    bound = _bound_to(secret.namespace, secret.name, secret.digest)
    return nonce + _cipher().encrypt(nonce, _packed(secret.values), bound)


def _open(row: StoredSecret) -> SecretData:
    sealed = bytes(row.sealed)
    bound = _bound_to(row.namespace, row.name, row.digest)
    clear = json.loads(_cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound))
    if isinstance(clear, list):  # sealed when only certificates were: [certificate, key]
        clear = dict(zip((CERTIFICATE, PRIVATE_KEY), clear, strict=True))
    values = {name: text.encode("latin-1") for name, text in clear.items()}
    return SecretData(namespace=row.namespace, name=row.name, digest=row.digest, values=values)


def _certificate(secret: SecretData) -> PublishedSecret:
    return PublishedSecret(
        namespace=secret.namespace,
        name=secret.name,
        digest=secret.digest,
        certificate=secret.values.get(CERTIFICATE, b""),
        private_key=secret.values.get(PRIVATE_KEY, b""),
        authorities=next((secret.values[n] for n in AUTHORITIES if n in secret.values), b""),
    )
