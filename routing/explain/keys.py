"""Whether a token's signature is that of one of the keys of a JSON Web Key Set."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

Jwk = Mapping[str, Any]
DIGESTS: Mapping[str, Any] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
CURVES: Mapping[str, Any] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}
KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "HS": "oct", "Ed": "OKP"}


def decoded(text: str) -> bytes:
    """base64url without padding. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def is_signed_by(jwks: str, header: Jwk, content: str, signature: bytes) -> bool:
    """`content` is what was signed: "<header>.<claims>"."""
    return any(_verifies(key, str(header.get("alg")), content.encode(), signature)
               for key in _candidates(jwks, header))  # fmt: skip


def _candidates(jwks: str, header: Jwk) -> Iterator[Jwk]:
    """Keys that fit the token's kind, algorithm and, where both name one, key id."""
    algorithm, wanted = str(header.get("alg")), header.get("kid")
    for key in _keys(jwks):
        fits = key.get("kty") == KINDS.get(algorithm[:2]) and key.get("alg") in (None, algorithm)
        if fits and (not wanted or not key.get("kid") or key["kid"] == wanted):
            yield key


def _keys(jwks: str) -> list[Jwk]:
    try:
        found = json.loads(jwks)
        return [key for key in found["keys"] if isinstance(key, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _verifies(key: Jwk, algorithm: str, content: bytes, signature: bytes) -> bool:
    try:
        return _check(key, algorithm, content, signature)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, KeyError, TypeError):
        return False


def _check(key: Jwk, algorithm: str, content: bytes, signature: bytes) -> bool:
    """Raises where it does not verify."""
    family, size = algorithm[:2], algorithm[2:]
    if family == "HS":
        made = hmac.digest(decoded(key["k"]), content, getattr(hashlib, f"sha{size}"))
        return hmac.compare_digest(made, signature)
    if family == "Ed":
        public = ed25519.Ed25519PublicKey.from_public_bytes(decoded(key["x"]))
        public.verify(signature, content)
        return True
    digest = DIGESTS[size]()
    if family == "ES":
        half = len(signature) // 2
        pair = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
        numbers = ec.EllipticCurvePublicNumbers(
            _number(key["x"]), _number(key["y"]), CURVES[algorithm]()
        )
        numbers.public_key().verify(encode_dss_signature(*pair), content, ec.ECDSA(digest))
        return True
    public_key = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
    public_key.verify(signature, content, _padding(family, digest), digest)
    return True


def _padding(family: str, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if family == "PS":
        return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
    return padding.PKCS1v15()


def _number(text: str) -> int:
    return int.from_bytes(decoded(text))
