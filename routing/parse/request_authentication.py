"""Reads a RequestAuthentication."""

import json
from urllib.parse import urlsplit

from routing.contracts import Document
from routing.ir import JwtHeader, JwtProvider, Origin
from routing.model.request_authentication import RequestAuthentication
from routing.parse.notes import (
    Note,
    Spec,
    items,
    label_set,
    metadata_of,
    milliseconds,
    part,
    text,
    texts,
)
from routing.parse.targets import targets


def request_authentication(document: Document, note: Note) -> RequestAuthentication:
    spec = document.spec
    return RequestAuthentication(
        metadata=metadata_of(document),
        selector=label_set(part(spec, "selector"), "matchLabels"),
        targets=targets(spec, note),
        providers=tuple(
            provider(r, i, document, note) for i, r in enumerate(items(spec, "jwtRules"))
        ),
    )


def provider(given: Spec, index: int, document: Document, note: Note) -> JwtProvider:
    path, key = f"spec.jwtRules[{index}]", document.key
    jwks, uri = text(given, "jwks"), text(given, "jwksUri") or text(given, "jwks_uri")
    if jwks and not is_key_set(jwks):
        note("MSH1021", f"{path}.jwks", "jwks", "a JSON Web Key Set with keys")
    if uri and not is_http(uri):
        note("MSH1021", f"{path}.jwksUri", "jwksUri", "an http or https address")
    if not text(given, "issuer"):
        note("MSH1011", f"{path}.issuer", "issuer")
    if not jwks and not uri:
        note("MSH1111", path, "a jwt rule", "jwks or jwksUri")
    return JwtProvider(
        name=f"{key.namespace}/{key.name}:{index}",
        issuer=text(given, "issuer"),
        jwks=jwks,
        jwks_uri=uri,
        audiences=texts(given, "audiences"),
        headers=tuple(
            JwtHeader(name=h["name"], prefix=text(h, "prefix")) for h in items(given, "fromHeaders")
        ),
        params=texts(given, "fromParams"),
        cookies=texts(given, "fromCookies"),
        forward=bool(given.get("forwardOriginalToken")),
        payload_header=text(given, "outputPayloadToHeader"),
        claim_headers=tuple(
            (c["header"], c["claim"]) for c in items(given, "outputClaimToHeaders")
        ),
        timeout_ms=milliseconds(given, "timeout") or 5000,
        spaced_claims=texts(given, "spaceDelimitedClaims"),
        origin=Origin(resource=key, path=path),
    )


def is_key_set(written: str) -> bool:
    """Whether it is a JSON Web Key Set of at least one key, each with its type (RFC 7517)."""
    try:
        found = json.loads(written, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return False
    keys = found.get("keys") if isinstance(found, dict) else None
    typed = isinstance(keys, list) and all(isinstance(one, dict) and "kty" in one for one in keys)
    return bool(keys) and typed


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def is_http(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
