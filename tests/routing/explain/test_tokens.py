"""Signatures of tokens are checked with every kind of key that Envoy takes."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from routing.explain.question import Request
from routing.explain.tokens import judge
from routing.ir import JwtProvider

Signed = tuple[dict[str, str], Callable[[bytes], bytes]]


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value: int, size: int) -> str:
    return coded(value.to_bytes(size, "big"))


def rsa_key(algorithm: str) -> Signed:
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_numbers()
    pad = (
        padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        if algorithm == "PS256"
        else padding.PKCS1v15()
    )
    jwk = {"kty": "RSA", "n": number(public.n, 256), "e": number(public.e, 3)}
    return jwk, lambda content: key.sign(content, pad, hashes.SHA256())


def ec_key(_: str) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32)}

    def sign(content: bytes) -> bytes:
        pair = decode_dss_signature(key.sign(content, ec.ECDSA(hashes.SHA256())))
        return b"".join(part.to_bytes(32, "big") for part in pair)

    return jwk, sign


def ed_key(_: str) -> Signed:
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": coded(public)}, key.sign


KEYS = {"RS256": rsa_key, "PS256": rsa_key, "ES256": ec_key, "EdDSA": ed_key}


def verdict(jwk: dict[str, str], token: str) -> str:
    jwks = json.dumps({"keys": [{"kty": "unknown"}, jwk]})
    provider = JwtProvider(name="p", issuer="me", jwks=jwks)
    request = Request(
        method="GET",
        scheme="http",
        authority="a",
        path="/",
        headers=(("authorization", f"Bearer {token}"),),
    )
    told = judge((provider,), request, 0.0).told
    assert told is not None
    return told.verdict


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_signature_is_believed_only_with_its_key_and_its_content(algorithm: str) -> None:
    jwk, sign = KEYS[algorithm](algorithm)
    other, _ = KEYS[algorithm](algorithm)

    def token(header: dict[str, Any], **claims: str) -> str:
        content = ".".join(coded(json.dumps(part).encode()) for part in (header, claims))
        return f"{content}.{coded(sign(content.encode()))}"

    good = token({"alg": algorithm}, iss="me")
    forged = good.replace(good.split(".")[1], coded(b'{"iss": "me", "sub": "x"}'))
    assert verdict(jwk, good) == "valid"
    assert verdict(other, good) == "wrong signature"
    assert verdict(jwk, forged) == "wrong signature"
    assert verdict(jwk, token({"alg": "none"}, iss="me")) == "wrong signature"


def test_keys_that_are_none_believe_nobody() -> None:
    for jwks in ("", "[]", "{", '{"keys": [{"kty": "EC", "x": "!", "y": ""}]}'):
        provider = JwtProvider(name="p", issuer="me", jwks=jwks or "x")
        head, claims = (
            coded(json.dumps(part).encode()) for part in ({"alg": "ES256"}, {"iss": "me"})
        )
        request = Request(
            method="GET",
            scheme="http",
            authority="a",
            path=f"/?access_token={head}.{claims}.AAAA",
        )
        told = judge((provider,), request, 0.0).told
        assert told is not None
        assert not told.passes
