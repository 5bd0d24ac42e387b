"""VirtualService."""

from collections.abc import Mapping
from typing import Any

from routing.checks.crds.common import EXPORT_TO, are_labels, host, is_network
from routing.checks.crds.language import (
    DURATION,
    FILLED,
    FLAG,
    INT,
    PORT,
    POSITIVE,
    TEXT,
    TEXTS,
    UINT,
    Lasting,
    Real,
    Text,
    Whole,
    many,
    one_of,
    shape,
    table,
)
from routing.model.re2 import refusal

PERCENT = Real(low=0, high=100)
PERCENTAGE = shape(value=PERCENT)


def regex(value: str) -> str | None:
    wrong = refusal(value)
    return f"{value!r} is no RE2 expression: {wrong}" if wrong else None


MATCH = shape(
    exact=TEXT,
    prefix=TEXT,
    regex=Text(checks=(regex,)),
    one_of=(("exact", "prefix", "regex"),),
)
DESTINATION = shape(
    host=Text(least=1, checks=(host,)), subset=TEXT, port=shape(number=PORT), required=("host",)
)
CHANGES = shape(set=table(TEXT), add=table(TEXT), remove=TEXTS)
HEADERS = shape(request=CHANGES, response=CHANGES)
WEIGHT = Whole(low=0, high=2**31 - 1)


def weights_count(route: list[Any]) -> str | None:
    if len(route) > 1 and not sum(one.get("weight") or 0 for one in route):
        return "total destination weight = 0"
    return None


def not_empty(match: Mapping[str, Any]) -> str | None:
    wrong = [k for k in ("headers",) if "" in (match.get(k) or {})]
    return "header match name must not be empty" if wrong else None


LABELS = table(TEXT, checks=(are_labels,))
HTTP_MATCH = shape(
    name=TEXT, uri=MATCH, scheme=MATCH, method=MATCH, authority=MATCH, headers=table(MATCH),
    port=PORT, sourceLabels=LABELS, gateways=TEXTS, queryParams=table(MATCH),
    ignoreUriCase=FLAG, withoutHeaders=table(MATCH), sourceNamespace=TEXT, statPrefix=TEXT,
    checks=(not_empty,),
)  # fmt: skip
HTTP_ROUTE_DESTINATION = shape(
    destination=DESTINATION, weight=WEIGHT, headers=HEADERS, required=("destination",)
)
REDIRECT = shape(
    uri=TEXT,
    authority=TEXT,
    port=PORT,
    derivePort=one_of("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
    scheme=TEXT,
    redirectCode=UINT,
    one_of=(("port", "derivePort"),),
)
HTTP_STATUS = Whole(low=100, high=599)
DIRECT_RESPONSE = shape(
    status=HTTP_STATUS,
    body=shape(string=Text(most=1024 * 1024), bytes=TEXT, one_of=(("string", "bytes"),)),
    required=("status",),
)
REWRITE = shape(
    uri=TEXT,
    authority=TEXT,
    uriRegexRewrite=shape(match=Text(checks=(regex,)), rewrite=TEXT),
    one_of=(("uri", "uriRegexRewrite"),),
)
WORDS = frozenset(
    {"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx"}
    | {"refused-stream", "retriable-status-codes", "retriable-headers", "envoy-ratelimited"}
    | {"http3-post-connect-failure", "cancelled", "deadline-exceeded", "internal"}
    | {"resource-exhausted", "unavailable"}
)


def retry_words(value: str) -> str | None:
    for word in filter(None, (w.strip() for w in value.split(","))):
        if word not in WORDS and not (word.isdigit() and 100 <= int(word) <= 599):
            return f"{word!r} is no condition for a retry"
    return None


def no_attempts_no_policy(retries: Mapping[str, Any]) -> str | None:
    if retries.get("attempts") == 0 and any(retries.get(k) for k in ("perTryTimeout", "retryOn")):
        return "http retry policy configured when attempts are set to 0 (disabled)"
    return None


RETRIES = shape(
    attempts=Whole(low=0, high=2**31 - 1),
    perTryTimeout=POSITIVE,
    retryOn=Text(checks=(retry_words,)),
    retryRemoteLocalities=FLAG,
    retryIgnorePreviousHosts=FLAG,
    backoff=POSITIVE,
    checks=(no_attempts_no_policy,),
)
FAULT = shape(
    delay=shape(
        percent=Whole(low=0, high=100), percentage=PERCENTAGE, fixedDelay=POSITIVE,
        exponentialDelay=POSITIVE, one_of=(("fixedDelay", "exponentialDelay"),),
    ),
    abort=shape(
        httpStatus=INT, grpcStatus=TEXT, http2Error=TEXT, percentage=PERCENTAGE,
        one_of=(("httpStatus", "grpcStatus", "http2Error"),),
    ),
)  # fmt: skip
CORS = shape(
    allowOrigin=TEXTS, allowOrigins=many(MATCH), allowMethods=TEXTS, allowHeaders=TEXTS,
    exposeHeaders=TEXTS, maxAge=Lasting(least_ms=1), allowCredentials=FLAG,
    unmatchedPreflights=one_of("UNSPECIFIED", "FORWARD", "IGNORE"),
    one_of=(("allowOrigin", "allowOrigins"),),
)  # fmt: skip


def one_action(route: Mapping[str, Any]) -> str | None:
    """A route goes somewhere, redirects, answers itself or delegates."""
    others = [k for k in ("redirect", "directResponse") if route.get(k) is not None]
    if len(others) > 1:
        return "HTTP route cannot contain both redirect and direct_response"
    if route.get("delegate") is not None:
        barred = [
            k
            for k in ("route", "redirect", "directResponse", "fault", "mirror", "rewrite")
            if route.get(k)
        ]
        return f"delegate cannot be with {barred[0]}" if barred else None
    if others:
        barred = [k for k in ("route", "rewrite") if route.get(k)]
        if barred:
            return f"HTTP route cannot contain both {barred[0]} and {others[0]}"
        return None
    return None if route.get("route") else "HTTP route, redirect or direct_response is required"


def one_mirror(route: Mapping[str, Any]) -> str | None:
    if route.get("mirror") and route.get("mirrors"):
        return "HTTP route cannot contain both mirror and mirrors"
    return None


HTTP_ROUTE = shape(
    name=TEXT,
    match=many(HTTP_MATCH),
    route=many(HTTP_ROUTE_DESTINATION, checks=(weights_count,)),
    redirect=REDIRECT,
    directResponse=DIRECT_RESPONSE,
    delegate=shape(name=TEXT, namespace=TEXT),
    rewrite=REWRITE,
    timeout=DURATION,
    retries=RETRIES,
    fault=FAULT,
    mirror=DESTINATION,
    mirrors=many(shape(destination=DESTINATION, percentage=PERCENTAGE, required=("destination",))),
    mirrorPercent=UINT,
    mirror_percent=UINT,
    mirrorPercentage=PERCENTAGE,
    corsPolicy=CORS,
    headers=HEADERS,
    checks=(one_action, one_mirror),
)


def subnets(values: list[str]) -> str | None:
    wrong = [v for v in values if not is_network(v)]
    return f"{wrong[0]!r} is no subnet" if wrong else None


SUBNETS = many(TEXT, checks=(subnets,))
L4_ROUTE = many(
    shape(destination=DESTINATION, weight=WEIGHT, required=("destination",)),
    checks=(weights_count,),
)
TLS_ROUTE = shape(
    match=many(
        shape(
            sniHosts=many(Text(least=1, checks=(host,)), at_least=1),
            destinationSubnets=SUBNETS, port=PORT, sourceLabels=LABELS, gateways=TEXTS,
            sourceNamespace=TEXT, required=("sniHosts",),
        ),
        at_least=1,
    ),
    route=L4_ROUTE,
    required=("match", "route"),
)  # fmt: skip
TCP_ROUTE = shape(
    match=many(
        shape(
            destinationSubnets=SUBNETS, port=PORT, sourceSubnet=TEXT, sourceLabels=LABELS,
            gateways=TEXTS, sourceNamespace=TEXT,
        )
    ),
    route=L4_ROUTE,
    required=("route",),
)  # fmt: skip


def routes_something(spec: Mapping[str, Any]) -> str | None:
    if any(spec.get(k) for k in ("http", "tls", "tcp")):
        return None
    return "http, tcp or tls must be provided in virtual service"


def has_host(spec: Mapping[str, Any]) -> str | None:
    """Only a delegate, which no gateway names, is without a host."""
    if spec.get("hosts") or not spec.get("gateways"):
        return (
            None
            if spec.get("hosts") or not is_root(spec)
            else "virtual service must have at least one host"
        )
    return "gateways must not be set on a virtual service without hosts"


def is_root(spec: Mapping[str, Any]) -> bool:
    return bool(spec.get("tls") or spec.get("tcp"))


def star_needs_gateway(spec: Mapping[str, Any]) -> str | None:
    mesh = "mesh" in (spec.get("gateways") or ["mesh"])
    if mesh and "*" in (spec.get("hosts") or ()):
        return "wildcard host * is not allowed for virtual services bound to the mesh gateway"
    return None


def hosts_differ(hosts: list[str]) -> str | None:
    return "duplicate hosts in virtual service" if len(set(hosts)) != len(hosts) else None


VIRTUAL_SERVICE = shape(
    hosts=many(Text(least=1, checks=(host,)), checks=(hosts_differ,)),
    gateways=many(FILLED),
    http=many(HTTP_ROUTE),
    tls=many(TLS_ROUTE),
    tcp=many(TCP_ROUTE),
    exportTo=EXPORT_TO,
    checks=(routes_something, has_host, star_needs_gateway),
)
