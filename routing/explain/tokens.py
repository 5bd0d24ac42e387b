"""What a proxy says of a request's tokens, as Envoy's JWT filter does with ours: tokens are
optional, a bad one is refused."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from routing.explain import keys, paths
from routing.explain.answer import Considered, Tokens
from routing.explain.question import Request
from routing.ir import JwtHeader, JwtProvider

SKEW_SECONDS = 60
"""How long Envoy believes a token after its end."""
TOKEN = re.compile(r"[A-Za-z0-9_.\-]+")
DEFAULT_HEADER = JwtHeader(name="authorization", prefix="Bearer ")
DEFAULT_PARAMETER = "access_token"


class Verdict(StrEnum):
    VALID = "valid"
    UNCHECKED = "taken for valid"
    MISSING = "missing"
    UNKNOWN_ISSUER = "unknown issuer"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    NOT_YET = "not yet valid"
    AUDIENCE = "wrong audience"
    SIGNATURE = "wrong signature"

    @property
    def believed(self) -> bool:
        return self in (Verdict.VALID, Verdict.UNCHECKED)


DETAILS = {
    Verdict.UNKNOWN_ISSUER: "Jwt_issuer_is_not_configured",
    Verdict.EXPIRED: "Jwt_is_expired",
    Verdict.NOT_YET: "Jwt_not_yet_valid",
    Verdict.AUDIENCE: "Audiences_in_Jwt_are_not_allowed",
    Verdict.SIGNATURE: "Jwt_verification_fails",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token taken apart. `content` is what was signed."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    content: str = ""
    signature: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is told, the claims that rules may ask for, and the request as it goes on."""

    told: Tokens | None
    claims: Mapping[str, Any] | None
    request: Request
    status: int | None = None
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    provider: JwtProvider
    verdict: Verdict
    claims: Mapping[str, Any] | None = None
    details: str = ""
    payload: str = ""

    def told(self) -> Considered:
        origin = self.provider.origin
        return Considered(
            name=self.provider.name,
            holds=self.verdict.believed,
            reason=_said(self),
            resource=str(origin.resource) if origin else "",
            path=origin.path if origin else "",
        )


def judge(providers: tuple[JwtProvider, ...], request: Request, at: float) -> Judged:
    """A request without a token passes; so does a preflight, which never carries one."""
    if not providers or _is_preflight(request):
        return Judged(told=None, claims=None, request=request)
    tried: list[_Tried] = []
    for provider in providers:
        tried.append(_try(provider, request, at))
        if tried[-1].verdict.believed:
            break
    return _sum_up(tried, request)


def _sum_up(tried: list[_Tried], request: Request) -> Judged:
    """The first that is believed decides; else the gravest complaint."""
    told = tuple(one.told() for one in tried)
    last = tried[-1]
    if last.verdict.believed:
        claims = _spaced(last)
        principal = f"{claims.get('iss', '')}/{claims.get('sub', '')}"
        message = f"the token of {principal} is {last.verdict}"
        passed = Tokens(
            verdict=last.verdict, passes=True, message=message, principal=principal, providers=told
        )
        return Judged(told=passed, claims=claims, request=_forwarded(last, request))
    gravest = _worst(tried)
    worst = gravest.verdict
    if worst is Verdict.MISSING:
        message = "there is no token, and none is required; rules may still ask for one"
        missing = Tokens(verdict=worst, passes=True, message=message, providers=told)
        return Judged(told=missing, claims=None, request=request)
    refused = Tokens(
        verdict=worst, passes=False, message=f"the token is refused: {worst}", providers=told
    )
    return Judged(
        told=refused,
        claims=None,
        request=request,
        status=403 if worst is Verdict.AUDIENCE else 401,
        details=f"jwt_authn_access_denied{{{gravest.details or DETAILS[worst]}}}",
    )


def _spaced(tried: _Tried) -> Mapping[str, Any]:
    """The claims as rules see them: some are texts of several words, which count as a list."""
    claims = dict(tried.claims or {})
    for name in tried.provider.spaced_claims:
        if isinstance(claims.get(name), str):
            claims[name] = claims[name].split(" ")
    return claims


def _worst(tried: list[_Tried]) -> _Tried:
    """A token that is wrong counts more than one of a stranger, and that more than none."""
    mild = (Verdict.MISSING, Verdict.UNKNOWN_ISSUER)
    grave = [one for one in tried if one.verdict not in mild]
    strange = [one for one in tried if one.verdict is Verdict.UNKNOWN_ISSUER]
    return (grave or strange or tried)[-1]


def _try(provider: JwtProvider, request: Request, at: float) -> _Tried:
    """The first of its tokens that is believed, else what is wrong with the last."""
    if request.claims is not None:
        return _verdict(provider, Token(header={}, claims=request.claims), at, given=True)
    found = _Tried(provider=provider, verdict=Verdict.MISSING)
    for text in located(provider, request):
        token = taken_apart(text)
        if isinstance(token, str):
            found = _Tried(provider=provider, verdict=Verdict.MALFORMED, details=token)
        else:
            found = _verdict(provider, token, at)
        if found.verdict.believed:
            break
    return found


def _verdict(provider: JwtProvider, token: Token, at: float, *, given: bool = False) -> _Tried:
    return _Tried(
        provider=provider,
        verdict=_complaint(provider, token, at) or _signed(provider, token, given=given),
        claims=token.claims,
        payload=token.content.partition(".")[2],
    )


def _complaint(provider: JwtProvider, token: Token, at: float) -> Verdict | None:
    claims = token.claims
    if provider.issuer and claims.get("iss", "") != provider.issuer:
        return Verdict.UNKNOWN_ISSUER
    begins, ends = _moment(claims, "nbf"), _moment(claims, "exp")
    if begins and at + SKEW_SECONDS < begins:
        return Verdict.NOT_YET
    if ends and at > ends + SKEW_SECONDS:
        return Verdict.EXPIRED
    if provider.audiences and not _audiences(claims) & {_trimmed(a) for a in provider.audiences}:
        return Verdict.AUDIENCE
    return None


def _signed(provider: JwtProvider, token: Token, *, given: bool) -> Verdict:
    if given or not provider.jwks:
        return Verdict.UNCHECKED
    signed = keys.is_signed_by(provider.jwks, token.header, token.content, token.signature)
    return Verdict.VALID if signed else Verdict.SIGNATURE


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name, 0)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _audiences(claims: Mapping[str, Any]) -> set[str]:
    given = claims.get("aud", [])
    listed = given if isinstance(given, list) else [given]
    return {_trimmed(str(one)) for one in listed}


def _trimmed(audience: str) -> str:
    """Envoy compares audiences without scheme and last slash."""
    return re.sub(r"^https?://", "", audience).removesuffix("/")


def _said(tried: _Tried) -> str:
    provider, claims = tried.provider, tried.claims or {}
    match tried.verdict:
        case Verdict.MISSING:
            return f"no token in {' or '.join(places(provider))}"
        case Verdict.UNKNOWN_ISSUER:
            return f'the issuer is "{claims.get("iss", "")}", not "{provider.issuer}"'
        case Verdict.AUDIENCE:
            wanted = ", ".join(provider.audiences)
            return f"the audience is {claims.get('aud', 'missing')}, not one of {wanted}"
        case Verdict.EXPIRED:
            return f"it ended at {claims.get('exp')} (Unix seconds)"
        case Verdict.NOT_YET:
            return f"it begins at {claims.get('nbf')} (Unix seconds)"
        case Verdict.UNCHECKED if provider.jwks_uri:
            return f"issuer, time and audience are right; the signature is for {provider.jwks_uri}"
        case Verdict.UNCHECKED:
            return "issuer, time and audience are right; the claims were given without a token"
        case verdict:
            return f"the token is {verdict}" if verdict.believed else tried.details or f"{verdict}"


# --- where tokens stand ------------------------------------------------------------------------


def _headers(provider: JwtProvider) -> tuple[JwtHeader, ...]:
    return provider.headers if _is_told_where(provider) else (DEFAULT_HEADER,)


def _parameters(provider: JwtProvider) -> tuple[str, ...]:
    return provider.params if _is_told_where(provider) else (DEFAULT_PARAMETER,)


def _is_told_where(provider: JwtProvider) -> bool:
    return bool(provider.headers or provider.params or provider.cookies)


def places(provider: JwtProvider) -> Iterator[str]:
    for header in _headers(provider):
        yield f"header {header.name}"
    for name in _parameters(provider):
        yield f"parameter {name}"
    for name in provider.cookies:
        yield f"cookie {name}"


def located(provider: JwtProvider, request: Request) -> Iterator[str]:
    for header in _headers(provider):
        value = request.header(header.name.lower())
        if value is not None and header.prefix in value:
            yield _text_after(value, header.prefix)
    given = dict(reversed(paths.parameters(request.path)))
    for name in _parameters(provider):
        if name in given:
            yield given[name]
    cookies = request.header("cookie") or ""
    for name in provider.cookies:
        for pair in cookies.split(";"):
            key, equals, value = pair.strip().partition("=")
            if equals and key == name:
                yield value.strip('"')


def _text_after(value: str, prefix: str) -> str:
    rest = value[value.index(prefix) + len(prefix) :]
    found = TOKEN.search(rest) if prefix else None
    return found[0] if found else rest


NOT_THREE = "Jwt_is_not_in_the_form_of_Header.Payload.Signature_with_two_dots_and_3_sections"


def taken_apart(text: str) -> Token | str:
    """The token, or in Envoy's words why it is none."""
    parts = text.split(".")
    if len(parts) != 3:
        return NOT_THREE
    found: list[Mapping[str, Any]] = []
    for name, part in zip(("header", "payload"), parts, strict=False):
        read = _read(name, part)
        if isinstance(read, str):
            return read
        found.append(read)
    try:
        signature = keys.decoded(parts[2])
    except ValueError:
        return "Jwt_signature_is_an_invalid_Base64url_encoded"
    return Token(
        header=found[0], claims=found[1], content=f"{parts[0]}.{parts[1]}", signature=signature
    )


def _read(name: str, part: str) -> Mapping[str, Any] | str:
    try:
        text = keys.decoded(part)
    except ValueError:
        return f"Jwt_{name}_is_an_invalid_Base64url_encoded"
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else f"Jwt_{name}_is_an_invalid_JSON"


# --- what the proxy does with a token it believes --------------------------------------------


def _forwarded(tried: _Tried, request: Request) -> Request:
    """Without the token unless it is to be forwarded, with the claims that are asked for."""
    provider, claims = tried.provider, tried.claims or {}
    if not provider.forward and request.claims is None:
        request = request.without(header.name for header in _used_headers(provider, request))
        request = _without_parameters(provider, request)
    if provider.payload_header and tried.payload:
        request = request.with_header(provider.payload_header, tried.payload)
    for name, claim in provider.claim_headers:
        value = _at(claims, claim)
        if value is not None:
            request = request.with_header(name, value)
    return request


def _without_parameters(provider: JwtProvider, request: Request) -> Request:
    """Envoy writes what is left of the query anew, sorted by name."""
    given, names = paths.parameters(request.path), _parameters(provider)
    if not any(name in names for name, _ in given):
        return request
    kept = sorted((pair for pair in given if pair[0] not in names), key=lambda pair: pair[0])
    query = "&".join(f"{name}={value}" for name, value in kept)
    return replace(request, path=paths.bare(request.path) + (f"?{query}" if query else ""))


def _used_headers(provider: JwtProvider, request: Request) -> Iterator[JwtHeader]:
    for header in _headers(provider):
        value = request.header(header.name.lower())
        if value is not None and header.prefix in value:
            yield header


def _at(claims: Mapping[str, Any], path: str) -> str | None:
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    match found:
        case bool():
            return str(found).lower()
        case str() | int():
            return str(found)
        case _:
            return None


def _is_preflight(request: Request) -> bool:
    asked = request.header("origin") and request.header("access-control-request-method")
    return request.method == "OPTIONS" and bool(asked)
