"""What a route does to a request: headers, path, host, and where a redirect leads."""

from collections.abc import Iterator

from routing.explain import paths
from routing.explain.answer import Effects, HeaderOperation, Mirrored
from routing.explain.expressions import replace_all
from routing.explain.question import Request, without_port
from routing.ir import (
    Fault,
    HashPolicy,
    HeaderChange,
    MatchKind,
    Redirect,
    Rewrite,
    Route,
    RouteMatch,
    StringMatch,
    WeightedCluster,
)

DEFAULT_PORTS = {"http": "80", "https": "443"}


def effects(route: Route, request: Request) -> Effects:
    fault = route.fault or Fault()
    delay, abort = fault.delay, fault.abort
    rewritten = rewrite(route, request) if route.clusters else request
    return Effects(
        rewritten_path=rewritten.path if rewritten.path != request.path else "",
        rewritten_host=rewritten.authority if rewritten.authority != request.authority else "",
        headers=tuple(operations(route)),
        redirect=location(route.redirect, route.match, request) if route.redirect else "",
        direct_status=route.direct_response.status if route.direct_response else None,
        delay_ms=delay.fixed_ms if delay else None,
        delay_percent=delay.percent if delay else None,
        abort_status=abort.http_status if abort else None,
        abort_grpc_status=abort.grpc_status if abort else None,
        abort_percent=abort.percent if abort else None,
        mirrors=tuple(Mirrored(cluster=m.cluster, percent=m.percent) for m in route.mirrors),
        timeout_ms=route.timeout_ms,
        attempts=route.retry.attempts if route.retry else None,
        retry_on=route.retry.retry_on if route.retry else "",
        per_try_timeout_ms=route.retry.per_try_timeout_ms if route.retry else None,
        cors=", ".join(origin.value or "*" for origin in route.cors.origins) if route.cors else "",
        hashing=tuple(hashed(policy) for policy in route.hashing),
    )


def operations(route: Route) -> Iterator[HeaderOperation]:
    """In the order in which they are carried out: a cluster's own before the route's."""
    for share in route.clusters:
        yield from _operations(share.request_headers, "request", share.cluster)
    yield from _operations(route.request_headers, "request", "")
    for share in route.clusters:
        yield from _operations(share.response_headers, "response", share.cluster)
    yield from _operations(route.response_headers, "response", "")


def _operations(change: HeaderChange, on: str, of: str) -> Iterator[HeaderOperation]:
    for name in change.remove:
        yield HeaderOperation(on=on, action="remove", name=name, of=of)
    for action, pairs in (("set", change.set), ("add", change.add)):
        for name, value in pairs:
            yield HeaderOperation(on=on, action=action, name=name, value=value, of=of)


def hashed(policy: HashPolicy) -> str:
    """What decides about the endpoint."""
    if policy.source_ip:
        return "the client's address"
    kinds = {"header": policy.header, "cookie": policy.cookie, "parameter": policy.query}
    return next(f"{kind} {name}" for kind, name in kinds.items() if name)


def leaving(route: Route, share: WeightedCluster, request: Request) -> Request:
    """The request as it is sent to one cluster of the route."""
    for change in (share.request_headers, route.request_headers):
        request = changed(request, change)
    return rewrite(route, request)


def changed(request: Request, change: HeaderChange) -> Request:
    request = request.without(change.remove)
    for name, value in change.set:
        request = request.with_header(name, value)
    for name, value in change.add:
        request = request.with_another(name, value)
    return request


def rewrite(route: Route, request: Request) -> Request:
    given = route.rewrite
    if given is None:
        return request
    return Request(
        method=request.method,
        scheme=request.scheme,
        authority=given.host or request.authority,
        path=new_path(given, route.match.path, request.path),
        headers=request.headers,
        claims=request.claims,
    )


def new_path(given: Rewrite, match: StringMatch, path: str) -> str:
    before, mark, query = path.partition("?")
    if given.pattern:
        before = replace_all(given.pattern, given.path, before)
    elif given.path and match.kind is MatchKind.REGEX:
        before = replace_all(match.value, given.path, before)
    elif given.path:
        before = given.path + before[matched_length(match, before) :]
    return f"{before}{mark}{query}"


def matched_length(match: StringMatch, path: str) -> int:
    if match.kind is MatchKind.EXACT:
        return len(path)
    if match.kind is MatchKind.SEGMENTS and match.value.strip("/"):
        return len(match.value.rstrip("/"))
    return len(match.value or "/")


def location(redirect: Redirect, match: RouteMatch, request: Request) -> str:
    """The Location that Envoy answers with."""
    scheme = redirect.scheme or request.scheme
    port = f":{redirect.port}" if redirect.port is not None else ""
    host = redirect.host or _host(request, scheme, port)
    return f"{scheme}://{host}{port}{_redirected_path(redirect, match, request.path)}"


def _host(request: Request, scheme: str, port: str) -> str:
    """Without its port where another is given, or where it was the old scheme's default."""
    bare = without_port(request.authority)
    own = request.authority[len(bare) + 1 :]
    default = scheme != request.scheme and own == DEFAULT_PORTS.get(request.scheme)
    return bare if own and (port or default) else request.authority


def _redirected_path(redirect: Redirect, match: RouteMatch, path: str) -> str:
    if redirect.path:
        query = path[len(paths.bare(path)) :]
        return redirect.path if "?" in redirect.path else f"{redirect.path}{query}"
    if redirect.pattern or redirect.prefix:
        change = Rewrite(path=redirect.prefix, pattern=redirect.pattern)
        if not redirect.pattern and match.path.kind is MatchKind.REGEX:
            return path
        return new_path(change, match.path, path)
    return path
