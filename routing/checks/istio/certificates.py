"""Whether a Secret holds a certificate and its key."""

import base64
import binascii
import warnings
from collections.abc import Mapping
from typing import Any

from routing.checks.cluster import part, text

NAMES = (("tls.crt", "tls.key"), ("cert", "key"))
AUTHORITIES = ("cacert", "ca.crt", "ca-cert")


def is_credential(secret: Mapping[str, Any], now: float) -> bool:
    """A certificate in force with a key under one of the usual names; or authorities alone.

    `now` is Unix seconds; 0 does not look at the dates. Whether the key belongs to the
    certificate is not asked, as Istio does not ask it.
    """
    for certificate, key in NAMES:
        if value(secret, certificate) or value(secret, key):
            in_force = is_certificate(value(secret, certificate), now)
            return in_force and is_private_key(value(secret, key))
    return any(is_certificate(value(secret, name), now) for name in AUTHORITIES)


def value(secret: Mapping[str, Any], name: str) -> bytes:
    plain = text(part(secret, "stringData"), name)
    if plain:
        return plain.encode()
    try:
        return base64.b64decode(text(part(secret, "data"), name), validate=False)
    except (binascii.Error, ValueError):
        return b""


def is_certificate(pem: bytes, now: float) -> bool:
    from cryptography import x509  # noqa: PLC0415  slow to import, and seldom needed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd serial numbers are none of our affair
            first = x509.load_pem_x509_certificates(pem)[0]
    except (ValueError, IndexError):
        return False
    return not now or first.not_valid_after_utc.timestamp() > now


def is_private_key(pem: bytes) -> bool:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return False
    return True
