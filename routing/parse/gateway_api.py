"""Reads the Gateway API's kinds."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from routing.contracts import Document
from routing.ir import (
    Cors,
    DirectResponse,
    HeaderChange,
    HeaderMatch,
    MatchKind,
    QueryMatch,
    StringMatch,
)
from routing.model.gateway_api import (
    GROUP,
    ROUTE_KINDS,
    ApiGateway,
    ApiGatewayClass,
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
from routing.parse.gateway_api_rules import (
    HEADER_FILTERS,
    verify_hosts,
    verify_path,
    verify_rule,
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
EXACT, SEGMENTS = MatchKind.EXACT, MatchKind.SEGMENTS
UNKNOWN_FILTER = DirectResponse(status=500, body="a filter of this rule is not known")


def http_route(document: Document, note: Note) -> ApiRoute:
    return api_route(document, note, http_matches)


def grpc_route(document: Document, note: Note) -> ApiRoute:
    return api_route(document, note, grpc_matches)


def connection_route(document: Document, note: Note) -> ApiRoute:
    """A TLSRoute or a TCPRoute."""
    spec, namespace = document.spec, document.key.namespace
    verify_hosts(texts(spec, "hostnames"), "spec.hostnames", note)
    return ApiRoute(
        metadata=metadata_of(document),
        parents=tuple(reference(p, namespace, "Gateway", GROUP) for p in items(spec, "parentRefs")),
        hostnames=texts(spec, "hostnames"),
        rules=tuple(
            ApiRule(
                route=HttpRoute(route=tuple(weighted(b) for b in items(rule, "backendRefs"))),
                backends=tuple(plain_backend(b, namespace) for b in items(rule, "backendRefs")),
                rank=(index, 0),
            )
            for index, rule in enumerate(items(spec, "rules"))
        ),
    )


def plain_backend(given: Spec, namespace: str) -> Backend:
    return Backend(
        reference=reference(given, namespace, "Service"),
        weight=1 if given.get("weight") is None else given["weight"],
    )


def api_route(document: Document, note: Note, matches_of: Matches) -> ApiRoute:
    spec, namespace = document.spec, document.key.namespace
    verify_hosts(texts(spec, "hostnames"), "spec.hostnames", note)
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
    path, written = f"spec.rules[{index}]", items(given, "matches")
    for j, (match, rank) in enumerate(matches_of(given, path, note)):
        backends = items(given, "backendRefs")
        plain = HttpRoute(
            name=text(given, "name") or f"{namespace}/{document.key.name}:{index}",
            matches=(replace(match, home_path=f"{path}.matches[{j}]" if written else path),),
            route=tuple(weighted(b) for b in backends),
            timeout_ms=timeout(given),
            retries=retry(given),
            home=document.key,
            home_path=path,
        )
        # what is wrong with a rule is said once, not once for each match
        said = note if j == 0 else ignore
        filters = items(given, "filters")
        verify_rule(given, path, said)
        yield ApiRule(
            route=with_filters(plain, filters, f"{path}.filters", said),
            backends=tuple(
                backend(b, plain, filters, namespace, f"{path}.backendRefs[{k}]", said)
                for k, b in enumerate(backends)
            ),
            mirrors=mirrored(filters, namespace),
            rank=(*rank, index, j),
        )


def ignore(*words: object, fix: str | None = None) -> None:
    """Takes a note that has been taken before."""


def with_filters(route: HttpRoute, filters: list[Spec], path: str, note: Note) -> HttpRoute:
    uri = route.matches[0].uri
    for i, given in enumerate(filters):
        route = filtered(route, given, uri, f"{path}[{i}]", note)
    return route


def mirrored(filters: list[Spec], namespace: str) -> tuple[Reference, ...]:
    return tuple(
        reference(f["requestMirror"]["backendRef"], namespace, "Service")
        for f in filters
        if text(f, "type") == "RequestMirror" and f.get("requestMirror")
    )


def backend(
    given: Spec, plain: HttpRoute, filters: list[Spec], namespace: str, path: str, note: Note
) -> Backend:
    """A filter of the backend stands in for the rule's of the same type."""
    own = [f for f in items(given, "filters") if text(f, "type") not in HEADER_FILTERS]
    kinds = {text(f, "type") for f in own} - {"RequestMirror"}
    all_ = [*(f for f in filters if text(f, "type") not in kinds), *own]
    return replace(
        plain_backend(given, namespace),
        alone=with_filters(plain, all_, f"{path}.filters", note) if own else None,
        mirrors=mirrored(all_, namespace) if own else (),
    )


def weighted(given: Spec) -> WeightedDestination:
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
            case _:
                pass
    return made


def timeout(given: Spec) -> int | None:
    """What the whole request may take: the nearer of the two where it is not tried again; 0 is
    none."""
    timeouts = part(given, "timeouts")
    found = [milliseconds(timeouts, "request")]
    if given.get("retry") is None:
        found.append(milliseconds(timeouts, "backendRequest"))
    limits = [one for one in found if one]
    return min(limits) if limits else None


def retry(given: Spec) -> HttpRetry | None:
    """Broken connections and backends that are too slow are tried again whatever the codes."""
    policy = given.get("retry")
    if policy is None:
        return None
    codes = [str(code) for code in items(policy, "codes")]
    return HttpRetry(
        attempts=1 if policy.get("attempts") is None else policy["attempts"],
        per_try_timeout_ms=milliseconds(part(given, "timeouts"), "backendRequest"),
        retry_on=",".join(("connect-failure", "refused-stream", "reset", *codes)),
        backoff_ms=milliseconds(policy, "backoff") or None,
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
        # an expression says more than a path that takes everything
        order = 3 if uri.value == "/" else {EXACT: 0, SEGMENTS: 1}.get(uri.kind, 2)
        rank = (
            order if uri.kind is not EXACT else 0,
            0 if uri.kind is EXACT else -len(uri.value),
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
            verify_path(value, f"{path}.path.value", note)
            return StringMatch(kind=MatchKind.EXACT, value=value)
        case "RegularExpression":
            check(value, f"{path}.path.value", note)
            return StringMatch(kind=MatchKind.REGEX, value=value)
        case _:
            verify_path(value, f"{path}.path.value", note)
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
            # requests must not pass by a filter that is not known
            note("MSH1112", path, kind)
            return replace(route, direct_response=UNKNOWN_FILTER)


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
        methods=methods,
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


def gateway_class(document: Document, note: Note) -> ApiGatewayClass:  # noqa: ARG001  as every reader
    return ApiGatewayClass(
        metadata=metadata_of(document), controller=text(document.spec, "controllerName")
    )


def api_gateway(document: Document, note: Note) -> ApiGateway:
    spec = document.spec
    names = [one["name"] for one in items(spec, "listeners")]
    for name in sorted({one for one in names if names.count(one) > 1}):
        note("MSH1021", "spec.listeners", f"listener name {name}", "used once")
    return ApiGateway(
        metadata=metadata_of(document),
        class_name=text(spec, "gatewayClassName"),
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
    if protocol not in ROUTE_KINDS:
        note("MSH1019", f"{path}.protocol", f"{path}.protocol {protocol}")
    if text(given, "hostname"):
        verify_hosts((given["hostname"],), f"{path}.hostname", note)
    secure = protocol in ("HTTPS", "TLS")
    if secure and not given.get("tls"):
        note("MSH1011", f"{path}.tls", f"{path}.tls")
    if protocol in ("HTTP", "TCP", "UDP") and given.get("tls"):
        note("MSH1021", f"{path}.tls", "tls", f"left out where the protocol is {protocol}")
    if protocol == "HTTPS" and text(part(given, "tls"), "mode") == "Passthrough":
        note("MSH1021", f"{path}.tls.mode", "mode", "Terminate where the protocol is HTTPS")
    allowed = part(part(given, "allowedRoutes"), "namespaces")
    selector = part(allowed, "selector")
    certificates = items(part(given, "tls"), "certificateRefs")
    return Listener(
        name=given["name"],
        port=given["port"],
        protocol=protocol,
        hostname=text(given, "hostname"),
        passthrough=text(part(given, "tls"), "mode") == "Passthrough",
        certificate=reference(certificates[0], namespace, "Secret") if certificates else None,
        namespaces=text(allowed, "from") or "Same",
        labels=label_set(selector, "matchLabels"),
        expressions=tuple(
            Expression(key=e["key"], operator=e["operator"], values=texts(e, "values"))
            for e in items(selector, "matchExpressions")
        ),
        kinds=tuple(kind_name(k) for k in items(part(given, "allowedRoutes"), "kinds")),
    )


def kind_name(given: Spec) -> str:
    group = given.get("group")
    return given["kind"] if group in (None, GROUP) else f"{group}/{given['kind']}"


def reference_grant(document: Document, note: Note) -> Grant:  # noqa: ARG001  as every reader
    spec = document.spec
    return Grant(
        metadata=metadata_of(document),
        sources=tuple((f["group"], f["kind"], f["namespace"]) for f in items(spec, "from")),
        targets=tuple((t["group"], t["kind"], text(t, "name")) for t in items(spec, "to")),
    )
