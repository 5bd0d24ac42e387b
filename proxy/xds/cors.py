"""Which scripts of other sites may read answers: the filter is always there, routes decide."""

from proxy.xds.fields import Fields
from proxy.xds.match import string_match
from proxy.xds.messages import extension, typed
from routing.ir import Cors

NAME = "envoy.filters.http.cors"
_KIND = "envoy.extensions.filters.http.cors.v3."


def cors_filter() -> Fields:
    return extension(NAME, f"{_KIND}Cors")


def per_route(cors: Cors) -> Fields:
    """`typed_per_filter_config` of a route."""
    made: Fields = {
        "allow_origin_string_match": [string_match(origin) for origin in cors.origins],
        "filter_enabled": {"default_value": {"numerator": 100}},
    }
    for field, words in (
        ("allow_methods", cors.methods),
        ("allow_headers", cors.headers),
        ("expose_headers", cors.expose),
    ):
        if words:
            made[field] = ",".join(words)
    if cors.max_age_ms is not None:
        made["max_age"] = str(cors.max_age_ms // 1000)
    if cors.credentials is not None:
        made["allow_credentials"] = {"value": cors.credentials}
    if cors.forward_unmatched is not None:
        made["forward_not_matching_preflights"] = {"value": cors.forward_unmatched}
    return {NAME: typed(f"{_KIND}CorsPolicy", **made)}
