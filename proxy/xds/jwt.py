"""Whose tokens are believed: requests with a bad token are refused, those without one pass."""

from proxy.xds.fields import Fields
from proxy.xds.messages import duration, extension
from routing.ir import JwtProvider

_NAME = "envoy.filters.http.jwt_authn"
_KIND = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"


def jwt_filters(providers: tuple[JwtProvider, ...]) -> list[Fields]:
    """None where nobody is believed."""
    if not providers:
        return []
    requires = [{"provider_name": one.name} for one in providers]
    optional = {"requires_any": {"requirements": [*requires, {"allow_missing": {}}]}}
    return [
        extension(
            _NAME,
            _KIND,
            providers={one.name: _provider(one) for one in providers},
            rules=[{"match": {"prefix": "/"}, "requires": optional}],
            bypass_cors_preflight=True,
        )
    ]


def _provider(given: JwtProvider) -> Fields:
    made: Fields = {
        "issuer": given.issuer,
        "audiences": list(given.audiences),
        "forward": given.forward,
        "payload_in_metadata": "payload",
        "from_headers": [_from_header(h.name, h.prefix) for h in given.headers],
        "from_params": list(given.params),
        "from_cookies": list(given.cookies),
        "claim_to_headers": [
            {"header_name": header, "claim_name": claim} for header, claim in given.claim_headers
        ],
    }
    if given.spaced_claims:
        claims = {"space_delimited_claims": list(given.spaced_claims)}
        made["normalize_payload_in_metadata"] = claims
    if given.payload_header:
        made["forward_payload_header"] = given.payload_header
    if given.jwks:
        made["local_jwks"] = {"inline_string": given.jwks}
    else:
        made["remote_jwks"] = _remote(given)
    return made


def _from_header(name: str, prefix: str) -> Fields:
    return {"name": name, "value_prefix": prefix}


def _remote(given: JwtProvider) -> Fields:
    return {
        "http_uri": {
            "uri": given.jwks_uri,
            "cluster": given.jwks_cluster,
            "timeout": duration(given.timeout_ms),
        },
        "cache_duration": duration(300_000),
    }
