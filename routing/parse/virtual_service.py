"""Reads a VirtualService."""

import base64
import re

from routing.contracts import Document
from routing.ir import DirectResponse, HeaderChange, HeaderMatch, QueryMatch
from routing.model.networks import is_network
from routing.model.re2 import refusal
from routing.model.virtual_service import (
    Delegate,
    HttpMatch,
    HttpRedirect,
    HttpRetry,
    HttpRewrite,
    HttpRoute,
    L4Match,
    L4Route,
    VirtualService,
    WeightedDestination,
)
from routing.parse.cors import cors
from routing.parse.fault import fault
from routing.parse.matches import destination, string_match
from routing.parse.mirrors import mirrors
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

HEADER_NAME = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
HOST_HEADERS = frozenset({"host", ":authority"})
PROTECTED_HEADERS = frozenset({"host", ":authority", ":path", ":method", ":scheme"})


def virtual_service(document: Document, note: Note) -> VirtualService:
    spec = document.spec
    for i, host in enumerate(texts(spec, "hosts")):
        check_host(host, f"spec.hosts[{i}]", note)
    delegate = not texts(spec, "hosts") and bool(items(spec, "http"))
    if not texts(spec, "hosts") and (not delegate or texts(spec, "gateways")):
        note("MSH1011", "spec.hosts", "spec.hosts")
    if not any(items(spec, kind) for kind in ("http", "tls", "tcp")):
        note("MSH1111", "spec", "a VirtualService", "http, tls or tcp routes")
    return VirtualService(
        metadata=metadata_of(document),
        hosts=texts(spec, "hosts"),
        gateways=texts(spec, "gateways") or ("mesh",),
        http=tuple(
            http_route(r, f"spec.http[{i}]", document.key.namespace, note)
            for i, r in enumerate(items(spec, "http"))
        ),
        tls=tuple(l4_route(r, f"spec.tls[{i}]", note) for i, r in enumerate(items(spec, "tls"))),
        tcp=tuple(l4_route(r, f"spec.tcp[{i}]", note) for i, r in enumerate(items(spec, "tcp"))),
    )


def check_host(host: str, path: str, note: Note) -> None:
    """A host name, an address, or a wildcard whose star comes first and once."""
    if not host or "*" in host.removeprefix("*") or any(c in host for c in " /:?#@"):
        note("MSH1021", path, f"host {host!r}", "a host name, or one after *.")
    elif host.startswith("*") and host != "*" and not host.startswith("*."):
        note("MSH1021", path, f"host {host!r}", "a wildcard like *.example")


def http_route(given: Spec, path: str, namespace: str, note: Note) -> HttpRoute:
    actions = [a for a in ("route", "redirect", "directResponse") if given.get(a)]
    if not actions and not given.get("delegate"):
        note("MSH1111", path, "an http route", "route, redirect or directResponse")
    if len(actions) > 1:
        note("MSH1022", path, ", ".join(actions))
    change = part(given, "headers")
    other = part(given, "delegate")
    if other and actions:
        note("MSH1022", path, ", ".join((*actions, "delegate")))
    return HttpRoute(
        name=text(given, "name"),
        matches=tuple(
            http_match(m, f"{path}.match[{i}]", note) for i, m in enumerate(items(given, "match"))
        ),
        route=tuple(
            weighted(d, f"{path}.route[{i}]", note) for i, d in enumerate(items(given, "route"))
        ),
        redirect=redirect(given, path, note),
        direct_response=direct_response(given, path, note),
        rewrite=rewrite(given, path, note),
        timeout_ms=milliseconds(given, "timeout"),
        retries=retries(given),
        request_headers=header_change(
            change, "request", f"{path}.headers", note, host_may_be_set=True
        ),
        response_headers=header_change(change, "response", f"{path}.headers", note),
        fault=fault(given, path, note),
        mirrors=mirrors(given, path, note),
        cors=cors(given, path, note),
        delegate=Delegate(name=text(other, "name"), namespace=text(other, "namespace") or namespace)
        if other
        else None,
    )


def http_match(given: Spec, path: str, note: Note) -> HttpMatch:
    uri = given.get("uri")
    return HttpMatch(
        name=text(given, "name"),
        uri=string_match(uri, ignore_case=bool(given.get("ignoreUriCase"))) if uri else None,
        headers=header_matches(given, path, note),
        query=tuple(
            QueryMatch(name=name, match=string_match(match))
            for name, match in sorted(part(given, "queryParams").items())
        ),
        port=given.get("port"),
        source_labels=label_set(given, "sourceLabels"),
        source_namespace=text(given, "sourceNamespace"),
        gateways=texts(given, "gateways"),
        stat_prefix=text(given, "statPrefix"),
    )


def header_matches(given: Spec, path: str, note: Note) -> tuple[HeaderMatch, ...]:
    """Pseudo headers first, then headers by name, then those that must not match."""
    matches = [
        HeaderMatch(name=f":{field}", match=string_match(given[field]))
        for field in ("method", "authority", "scheme")
        if given.get(field) is not None
    ]
    for field, invert in (("headers", False), ("withoutHeaders", True)):
        for name, match in sorted(part(given, field).items()):
            check_header(name, f"{path}.{field}.{name}", note)
            matches.append(HeaderMatch(name=name.lower(), match=string_match(match), invert=invert))
    return tuple(matches)


def weighted(given: Spec, path: str, note: Note) -> WeightedDestination:
    change = part(given, "headers")
    return WeightedDestination(
        destination=destination(part(given, "destination")),
        weight=given.get("weight"),
        request_headers=header_change(change, "request", f"{path}.headers", note),
        response_headers=header_change(change, "response", f"{path}.headers", note),
    )


def header_change(
    given: Spec, side: str, path: str, note: Note, *, host_may_be_set: bool = False
) -> HeaderChange:
    change = part(given, side)
    for operation in ("set", "add"):
        for name, value in part(change, operation).items():
            where = f"{path}.{side}.{operation}.{name}"
            check_header(name, where, note)
            may = host_may_be_set and operation == "set" and name.lower() in HOST_HEADERS
            if name.lower() in PROTECTED_HEADERS and not may:
                note("MSH1021", where, name, "a header that may be changed here")
            if any(c in (value or "") for c in "\r\n"):
                note("MSH1021", where, "the value", "one line")
    for i, name in enumerate(texts(change, "remove")):
        check_header(name, f"{path}.{side}.remove[{i}]", note)
        if name.lower() in PROTECTED_HEADERS:
            note("MSH1021", f"{path}.{side}.remove[{i}]", name, "a header that may be removed")
    return HeaderChange(
        set=pairs(change, "set"), add=pairs(change, "add"), remove=texts(change, "remove")
    )


def pairs(of: Spec, key: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name.lower(), value or "") for name, value in part(of, key).items()))


def check_header(name: str, path: str, note: Note) -> None:
    if not HEADER_NAME.fullmatch(name.removeprefix(":")):
        note("MSH1021", path, repr(name), "a header name")


def redirect(given: Spec, path: str, note: Note) -> HttpRedirect | None:
    to = given.get("redirect")
    if not to:
        return None
    code = to.get("redirectCode") or 301
    if code not in (301, 302, 303, 307, 308):
        note(
            "MSH1021", f"{path}.redirect.redirectCode", "redirectCode", "301, 302, 303, 307 or 308"
        )
    port = to.get("port")
    if to.get("derivePort") == "FROM_PROTOCOL_DEFAULT":
        port = 443 if text(to, "scheme") == "https" else 80
    scheme = text(to, "scheme")
    if scheme not in ("", "http", "https"):
        note("MSH1018", f"{path}.redirect.scheme", "scheme", "http, https", scheme)
    return HttpRedirect(
        uri=text(to, "uri"),
        authority=text(to, "authority"),
        scheme=scheme,
        port=port,
        code=code,
        request_port=to.get("derivePort") == "FROM_REQUEST_PORT",
    )


def direct_response(given: Spec, path: str, note: Note) -> DirectResponse | None:
    response = given.get("directResponse")
    if not response:
        return None
    status = response["status"]
    if not 200 <= status <= 599:
        note("MSH1021", f"{path}.directResponse.status", "status", "from 200 to 599")
    body = part(response, "body")
    return DirectResponse(
        status=status,
        body=text(body, "string"),
        body_bytes=decoded(text(body, "bytes"), f"{path}.directResponse.body.bytes", note),
    )


def decoded(given: str, path: str, note: Note) -> bytes:
    """The bytes of a base64 text."""
    try:
        return base64.b64decode(given, validate=True)
    except ValueError:
        note("MSH1021", path, "bytes", "base64")
        return b""


def rewrite(given: Spec, path: str, note: Note) -> HttpRewrite | None:
    to = given.get("rewrite")
    if not to:
        return None
    regex = part(to, "uriRegexRewrite")
    if regex and text(to, "uri"):
        note("MSH1022", f"{path}.rewrite", "uri, uriRegexRewrite")
    pattern = text(regex, "match")
    wrong = refusal(pattern)
    if wrong is not None:
        note("MSH1105", f"{path}.rewrite.uriRegexRewrite.match", pattern, wrong)
    return HttpRewrite(
        uri=text(regex, "rewrite") if regex else text(to, "uri"),
        authority=text(to, "authority"),
        pattern=pattern,
    )


def retries(given: Spec) -> HttpRetry | None:
    policy = given.get("retries")
    if policy is None:
        return None
    return HttpRetry(
        attempts=policy.get("attempts") or 0,
        per_try_timeout_ms=milliseconds(policy, "perTryTimeout"),
        retry_on=text(policy, "retryOn"),
        backoff_ms=milliseconds(policy, "backoff") or None,
        other_hosts=policy.get("retryIgnorePreviousHosts") is not False,
        other_localities=bool(policy.get("retryRemoteLocalities")),
    )


def l4_route(given: Spec, path: str, note: Note) -> L4Route:
    return L4Route(
        matches=tuple(
            l4_match(m, f"{path}.match[{i}]", note) for i, m in enumerate(items(given, "match"))
        ),
        route=tuple(
            WeightedDestination(
                destination=destination(part(d, "destination")), weight=d.get("weight")
            )
            for d in items(given, "route")
        ),
    )


def l4_match(given: Spec, path: str, note: Note) -> L4Match:
    destinations = texts(given, "destinationSubnets")
    sources = (text(given, "sourceSubnet"),) if text(given, "sourceSubnet") else ()
    for field, written in (("destinationSubnets", destinations), ("sourceSubnet", sources)):
        for block in written:
            if not is_network(block):
                note(
                    "MSH1021",
                    f"{path}.{field}",
                    repr(block),
                    "an address or a block like 10.0.0.0/8",
                )
    return L4Match(
        sni_hosts=texts(given, "sniHosts"),
        destinations=destinations,
        sources=sources,
        port=given.get("port"),
        source_labels=label_set(given, "sourceLabels"),
        source_namespace=text(given, "sourceNamespace"),
        gateways=texts(given, "gateways"),
    )
