"""Reads the Gateway API's kinds."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from routing.contracts import Document
from routing.ir import Cors, HeaderChange, HeaderMatch, MatchKind, QueryMatch, StringMatch
from routing.model.gateway_api import (
    GROUP,
    ApiGateway,
    ApiRoute,
    ApiRule,
    Backend,
    Expression,
    Grant,
    Listener,
    Reference,
)
from routing.model.re2 import refusal
from routing.model.virtual_service import (
    Destination,
    HttpMatch,
    HttpMirror,
    HttpRedirect,
    HttpRetry,
    HttpRewrite,
    HttpRoute,
    WeightedDestination,
)
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

Matches = Callable[[Spec, str, Note], Iterator[tuple[HttpMatch, tuple[int, ...]]]]
WHOLE_PATH = "^/.*$"
ANY_METHOD = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")


def http_route(document: Document, note: Note) -> ApiRoute:
    return api_route(document, note, http_matches)


def grpc_route(document: Document, note: Note) -> ApiRoute:
    return api_route(document, note, grpc_matches)


def api_route(document: Document, note: Note, matches_of: Matches) -> ApiRoute:
    spec, namespace = document.spec, document.key.namespace
    return ApiRoute(
        metadata=metadata_of(document),
        parents=tuple(reference(p, namespace, "Gateway", GROUP) for p in items(spec, "parentRefs")),
        hostnames=texts(spec, "hostnames"),
        rules=tuple(
            made
            for i, rule in enumerate(items(spec, "rules"))
            for made in rules(rule, i, namespace, document, note, matches_of)
        ),
    )


def reference(given: Spec, namespace: str, kind: str, group: str = "") -> Reference:
    written = given.get("group")
    return Reference(
        kind=text(given, "kind") or kind,
        namespace=text(given, "namespace") or namespace,
        name=given["name"],
        group=group if written is None else written,
        port=given.get("port"),
        section=text(given, "sectionName"),
    )


def rules(
    given: Spec, index: int, namespace: str, document: Document, note: Note, matches_of: Matches
) -> Iterator[ApiRule]:
    """One per match; a rule without matches takes everything."""
    path = f"spec.rules[{index}]"
    for j, (match, rank) in enumerate(matches_of(given, path, note)):
        backends = items(given, "backendRefs")
        route = HttpRoute(
            name=text(given, "name"),
            matches=(match,),
            route=tuple(weighted(b, path, note) for b in backends),
            timeout_ms=timeout(part(given, "timeouts")),
            retries=retry(given),
            home=document.key,
            home_path=f"{path}.matches[{j}]" if items(given, "matches") else path,
        )
        filters = items(given, "filters")
        if len(backends) == 1:
            # what one backend asks for is what the route asks for
            own = [f for f in items(backends[0], "filters") if text(f, "type") == "URLRewrite"]
            filters = [*filters, *own]
        mirrors: list[Reference] = []
        for f in filters:
            route = filtered(route, f, match.uri, f"{path}.filters", note)
            if text(f, "type") == "RequestMirror":
                mirrors.append(reference(f["requestMirror"]["backendRef"], namespace, "Service"))
        yield ApiRule(
            route=route,
            backends=tuple(
                Backend(
                    reference=reference(b, namespace, "Service"),
                    weight=1 if b.get("weight") is None else b["weight"],
                )
                for b in backends
            ),
            mirrors=tuple(mirrors),
            rank=(*rank, index, j),
        )


def weighted(given: Spec, path: str, note: Note) -> WeightedDestination:
    """Its host is filled in when it is known whether the backend may be used."""
    made = WeightedDestination(destination=Destination(host=given["name"]))
    for f in items(given, "filters"):
        match text(f, "type"):
            case "RequestHeaderModifier":
                change = header_change(part(f, "requestHeaderModifier"))
                made = replace(made, request_headers=change)
            case "ResponseHeaderModifier":
                change = header_change(part(f, "responseHeaderModifier"))
                made = replace(made, response_headers=change)
            case "URLRewrite":
                pass
            case kind:
                note("MSH1019", f"{path}.backendRefs", f"{kind} of a backend")
    return made


def timeout(given: Spec) -> int | None:
    """The nearer of the two; 0 is none."""
    found = [milliseconds(given, "request"), milliseconds(given, "backendRequest")]
    limits = [one for one in found if one]
    return min(limits) if limits else None


def retry(given: Spec) -> HttpRetry | None:
    policy = given.get("retry")
    if policy is None:
        return None
    codes = ",".join(str(code) for code in items(policy, "codes"))
    return HttpRetry(
        attempts=1 if policy.get("attempts") is None else policy["attempts"],
        per_try_timeout_ms=milliseconds(part(given, "timeouts"), "backendRequest"),
        retry_on=f"connect-failure,refused-stream{',' if codes else ''}{codes}",
    )


# --- matches -----------------------------------------------------------------------------------


def http_matches(given: Spec, path: str, note: Note) -> Iterator[tuple[HttpMatch, tuple[int, ...]]]:
    """Exact paths first, then longer prefixes, a method, more headers, more parameters."""
    for i, match in enumerate(items(given, "matches") or [{}]):
        where = f"{path}.matches[{i}]"
        uri = path_match(part(match, "path"), where, note)
        headers = header_matches(match, where, note)
        query = tuple(
            QueryMatch(name=name, match=m)
            for name, m in named(match, "queryParams", where, note).items()
        )
        method = text(match, "method")
        if method:
            exact = StringMatch(kind=MatchKind.EXACT, value=method)
            headers = (HeaderMatch(name=":method", match=exact), *headers)
        order = {MatchKind.EXACT: 0, MatchKind.SEGMENTS: 1}.get(uri.kind, 2)
        rank = (
            order,
            -len(uri.value) if order else 0,
            not method,
            -len(items(match, "headers")),
            -len(query),
        )
        yield HttpMatch(uri=uri, headers=headers, query=query), rank


def path_match(given: Spec, path: str, note: Note) -> StringMatch:
    value = given.get("value")
    value = "/" if value is None else value
    match text(given, "type") or "PathPrefix":
        case "Exact":
            return StringMatch(kind=MatchKind.EXACT, value=value)
        case "RegularExpression":
            check(value, f"{path}.path.value", note)
            return StringMatch(kind=MatchKind.REGEX, value=value)
        case _:
            if not value.startswith("/"):
                note("MSH1021", f"{path}.path.value", repr(value), "a path that starts with /")
            return StringMatch(kind=MatchKind.SEGMENTS, value=value.rstrip("/") or "/")


def header_matches(given: Spec, path: str, note: Note) -> tuple[HeaderMatch, ...]:
    return tuple(
        HeaderMatch(name=name, match=match)
        for name, match in named(given, "headers", path, note, fold=True).items()
    )


def named(
    given: Spec, field: str, path: str, note: Note, *, fold: bool = False
) -> dict[str, StringMatch]:
    """By name; of two with the same name the first counts."""
    found: dict[str, StringMatch] = {}
    for i, one in enumerate(items(given, field)):
        name = one["name"].lower() if fold else one["name"]
        regex = text(one, "type") == "RegularExpression"
        if regex:
            check(one["value"], f"{path}.{field}[{i}].value", note)
        kind = MatchKind.REGEX if regex else MatchKind.EXACT
        found.setdefault(name, StringMatch(kind=kind, value=one["value"]))
    return found


def grpc_matches(given: Spec, path: str, note: Note) -> Iterator[tuple[HttpMatch, tuple[int, ...]]]:
    """Longer services first, then longer methods, then more headers."""
    for i, match in enumerate(items(given, "matches") or [{}]):
        where = f"{path}.matches[{i}]"
        method = part(match, "method")
        service, name = text(method, "service"), text(method, "method")
        regex = text(method, "type") == "RegularExpression"
        uri = grpc_path(service, name, regex=regex)
        if regex:
            check(uri.value, f"{where}.method", note)
        headers = header_matches(match, where, note)
        yield HttpMatch(uri=uri, headers=headers), (-len(service), -len(name), -len(headers))


def grpc_path(service: str, method: str, *, regex: bool) -> StringMatch:
    if regex:
        value = f"/{service or '[^/]+'}/{method or '[^/]+'}"
        return StringMatch(kind=MatchKind.REGEX, value=value)
    if service and method:
        return StringMatch(kind=MatchKind.EXACT, value=f"/{service}/{method}")
    if service:
        return StringMatch(kind=MatchKind.PREFIX, value=f"/{service}/")
    if method:
        return StringMatch(kind=MatchKind.REGEX, value=f"/[^/]+/{re.escape(method)}")
    return StringMatch(kind=MatchKind.PREFIX, value="/")


def check(expression: str, path: str, note: Note) -> None:
    wrong = refusal(expression)
    if wrong is not None:
        note("MSH1105", path, expression, wrong)


# --- filters -----------------------------------------------------------------------------------


def filtered(
    route: HttpRoute, given: Spec, uri: StringMatch | None, path: str, note: Note
) -> HttpRoute:
    """The route as a filter changes it."""
    matched = uri.value if uri is not None and uri.kind is MatchKind.SEGMENTS else ""
    match text(given, "type"):
        case "RequestHeaderModifier":
            change = header_change(part(given, "requestHeaderModifier"))
            return replace(route, request_headers=change)
        case "ResponseHeaderModifier":
            change = header_change(part(given, "responseHeaderModifier"))
            return replace(route, response_headers=change)
        case "RequestRedirect":
            return replace(route, redirect=redirect(part(given, "requestRedirect"), matched))
        case "URLRewrite":
            return replace(route, rewrite=rewrite(part(given, "urlRewrite"), matched))
        case "RequestMirror":
            mirror = HttpMirror(
                destination=Destination(host=""), percent=share(part(given, "requestMirror"))
            )
            return replace(route, mirrors=(*route.mirrors, mirror))
        case "CORS":
            return replace(route, cors=cors(part(given, "cors")))
        case kind:
            note("MSH1019", path, f"{path} {kind}")
            return route


def header_change(given: Spec) -> HeaderChange:
    def pairs(field: str) -> tuple[tuple[str, str], ...]:
        return tuple((one["name"].lower(), one["value"]) for one in items(given, field))

    return HeaderChange(set=pairs("set"), add=pairs("add"), remove=texts(given, "remove"))


def redirect(given: Spec, matched: str) -> HttpRedirect:
    """`port` stays open where none is said: it depends on scheme and listener."""
    full, prefix, pattern = path_change(part(given, "path"), matched)
    return HttpRedirect(
        uri=full,
        prefix=prefix,
        pattern=pattern,
        authority=text(given, "hostname"),
        scheme=text(given, "scheme"),
        port=given.get("port"),
        code=given.get("statusCode") or 302,
    )


def rewrite(given: Spec, matched: str) -> HttpRewrite:
    full, prefix, pattern = path_change(part(given, "path"), matched)
    if full:
        return HttpRewrite(uri=full, authority=text(given, "hostname"), pattern=WHOLE_PATH)
    return HttpRewrite(uri=prefix, authority=text(given, "hostname"), pattern=pattern)


def path_change(given: Spec, matched: str) -> tuple[str, str, str]:
    """The whole new path, or what replaces the prefix, found by the pattern if there is one."""
    if not given:
        return "", "", ""
    if text(given, "type") == "ReplaceFullPath":
        return text(given, "replaceFullPath") or "/", "", ""
    new = text(given, "replacePrefixMatch").rstrip("/")
    old = matched.rstrip("/")
    if not old:
        return "", f"{new}/", ""
    if not new:
        # the slash after the prefix must not stand there twice
        return "", "/", f"^{re.escape(old)}/*"
    return "", new, ""


def share(given: Spec) -> float:
    if given.get("percent") is not None:
        return float(min(given["percent"], 100))
    fraction = given.get("fraction")
    if fraction:
        return min(
            100.0, 100.0 * float(fraction["numerator"]) / (fraction.get("denominator") or 100)
        )
    return 100.0


def cors(given: Spec) -> Cors:
    methods, headers = texts(given, "allowMethods"), texts(given, "allowHeaders")
    credentials = bool(given.get("allowCredentials"))
    return Cors(
        origins=tuple(origin(one) for one in texts(given, "allowOrigins")),
        # a browser takes a star for a word where credentials are allowed
        methods=ANY_METHOD if credentials and "*" in methods else methods,
        headers=headers,
        expose=texts(given, "exposeHeaders"),
        max_age_ms=1000 * (5 if given.get("maxAge") is None else given["maxAge"]),
        credentials=credentials or None,
        forward_unmatched=False,
    )


def origin(written: str) -> StringMatch:
    if written == "*":
        return StringMatch(kind=MatchKind.PREFIX)
    if "*" in written:
        pattern = ".*".join(re.escape(part_) for part_ in written.split("*"))
        return StringMatch(kind=MatchKind.REGEX, value=pattern)
    return StringMatch(kind=MatchKind.EXACT, value=written)


# --- gateways and grants -----------------------------------------------------------------------


def api_gateway(document: Document, note: Note) -> ApiGateway:
    spec = document.spec
    return ApiGateway(
        metadata=metadata_of(document),
        listeners=tuple(
            listener(one, f"spec.listeners[{i}]", document.key.namespace, note)
            for i, one in enumerate(items(spec, "listeners"))
        ),
        addresses=tuple(
            text(a, "value")
            for a in items(spec, "addresses")
            if text(a, "type") in ("Hostname", "")
        ),
    )


def listener(given: Spec, path: str, namespace: str, note: Note) -> Listener:
    protocol = text(given, "protocol")
    if protocol not in ("HTTP", "HTTPS"):
        note("MSH1019", f"{path}.protocol", f"{path}.protocol {protocol}")
    allowed = part(part(given, "allowedRoutes"), "namespaces")
    selector = part(allowed, "selector")
    certificates = items(part(given, "tls"), "certificateRefs")
    return Listener(
        name=given["name"],
        port=given["port"],
        protocol=protocol,
        hostname=text(given, "hostname"),
        certificate=reference(certificates[0], namespace, "Secret") if certificates else None,
        namespaces=text(allowed, "from") or "Same",
        labels=label_set(selector, "matchLabels"),
        expressions=tuple(
            Expression(key=e["key"], operator=e["operator"], values=texts(e, "values"))
            for e in items(selector, "matchExpressions")
        ),
        kinds=tuple(k["kind"] for k in items(part(given, "allowedRoutes"), "kinds")),
    )


def reference_grant(document: Document, note: Note) -> Grant:  # noqa: ARG001  as every reader
    spec = document.spec
    return Grant(
        metadata=metadata_of(document),
        sources=tuple((f["group"], f["kind"], f["namespace"]) for f in items(spec, "from")),
        targets=tuple((t["group"], t["kind"], text(t, "name")) for t in items(spec, "to")),
    )
