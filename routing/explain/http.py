"""What one proxy does with a request, filter by filter, in the order of its filters."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from routing.explain import hosts, matching, paths, rewriting, rules, tokens
from routing.explain.answer import (
    Considered,
    Destination,
    Hop,
    Listening,
    Outcome,
    Sent,
    Turn,
)
from routing.explain.question import Connection, Request, joined
from routing.explain.replies import reply
from routing.explain.strings import matches
from routing.ir import (
    Abort,
    Cluster,
    Cors,
    JwtProvider,
    ProxyConfig,
    Redirect,
    Route,
    RouteConfig,
    VirtualHost,
    WeightedCluster,
)

Lead = Callable[[ProxyConfig, WeightedCluster, Request], Destination]
"""Where a cluster of a proxy leads to."""
OUTBOUND, INBOUND, GATEWAY = "outbound", "inbound", "gateway"
WHOLE = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request at a filter chain that speaks HTTP. `edge`: its clients are strangers."""

    config: ProxyConfig
    side: str
    table: RouteConfig
    listening: Listening
    request: Request
    connection: Connection
    jwt: tuple[JwtProvider, ...] = ()
    edge: bool = False


def http(arrival: Arrival, at: float, lead: Lead) -> Hop:
    """`at` is Unix seconds."""
    request = received(arrival)
    hop = hop_of(arrival)
    odd = _unacceptable(arrival, request)
    if odd:
        return replace(hop, turns=(Turn(ends=(odd,)),))
    picked = hosts.pick(arrival.table, request.authority)
    considered, chosen = choose(picked[0] if picked else None, request)
    hop = replace(hop, virtual_host=picked[1] if picked else None, routes=considered)
    judged = _judged(arrival, request, at)
    facts = rules.Facts(
        connection=arrival.connection,
        request=judged.request,
        claims=judged.claims,
        remote_address=_remote_address(arrival, request),
    )
    guarded = arrival.side != OUTBOUND and judged.status is None
    # the rules come with the routes: where there is no route there are none
    ruled = guarded and any(one.route is not None for one in chosen)
    hop = replace(
        hop,
        tokens=judged.told,
        guards=rules.guards(arrival.table.authorization, facts) if ruled else (),
    )
    return replace(
        hop,
        turns=tuple(turn(arrival, hop, request, judged, one, lead) for one in chosen),
    )


def _judged(arrival: Arrival, request: Request, at: float) -> tokens.Judged:
    return tokens.judge(() if arrival.side == OUTBOUND else arrival.jwt, request, at)


def hop_of(arrival: Arrival) -> Hop:
    proxy = arrival.config.proxy
    return Hop(
        side=arrival.side,
        namespace=proxy.namespace,
        workload=proxy.workload,
        pod=proxy.pod,
        proxy=proxy.id,
        http=True,
        listener=arrival.listening,
        route_table=arrival.table.name,
    )


def received(arrival: Arrival) -> Request:
    """The request once the proxy has put it in order, before anything is matched."""
    given, connection = arrival.request, arrival.connection
    scheme = "https" if connection.tls else "http"
    if arrival.edge:
        given = given.without(n for n, _ in given.headers if n.startswith("x-envoy-"))
        given = given.with_header("x-forwarded-proto", scheme)
        given = _one(given.with_another("x-forwarded-for", connection.address), "x-forwarded-for")
    elif given.header("x-forwarded-proto") is None:
        given = given.with_header("x-forwarded-proto", scheme)
    told = given.header("x-forwarded-proto") or scheme
    return replace(
        given.without(["x-forwarded-client-cert"]),
        scheme=told if told in ("http", "https") else scheme,
        authority=trimmed(given.authority),
        path=given.path if given.method == "CONNECT" else paths.normalised(given.path),
    )


def trimmed(authority: str) -> str:
    """A last dot of the name is dropped."""
    name, colon, port = authority.partition(":")
    return f"{name.removesuffix('.')}{colon}{port}"


def _one(request: Request, name: str) -> Request:
    return request.with_header(name, request.header(name) or "")


def _unacceptable(arrival: Arrival, request: Request) -> Outcome | None:
    """What Envoy refuses before it looks for a route."""
    odd = next((name for name, _ in request.headers if "_" in name), None)
    if arrival.edge and odd:
        message = f"gateways refuse header names with an underscore: {odd}"
        return reply(
            arrival.config.proxy,
            request,
            400,
            message,
            flags="DPE",
            details="http1.unexpected_underscore",
        )
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A route and the share of the requests that takes it; None: no route does."""

    share: float
    route: Route | None
    told: Considered | None = None


def choose(
    host: VirtualHost | None, request: Request
) -> tuple[tuple[Considered, ...], tuple[Chosen, ...]]:
    """The first route that takes the request, and why those before it do not.

    Envoy draws one number per request; a route that takes a share takes those below its own, so
    a request may have several first routes.
    """
    considered: list[Considered] = []
    chosen: list[Chosen] = []
    drawn = 0.0
    for route in host.routes if host else ():
        told = _considered(route, request)
        considered.append(told)
        if told.holds and route.match.percent > drawn:
            chosen.append(Chosen(share=route.match.percent - drawn, route=route, told=told))
            drawn = route.match.percent
        if drawn >= WHOLE:
            break
    if drawn < WHOLE:
        chosen.append(Chosen(share=WHOLE - drawn, route=None))
    return tuple(considered), tuple(chosen)


def _considered(route: Route, request: Request) -> Considered:
    failed = matching.failure(route.match, request)
    return Considered(
        name=route.name,
        holds=failed is None,
        reason=failed or matching.success(route),
        resource=str(route.origin.resource) if route.origin else "",
        path=route.origin.path if route.origin else "",
    )


def turn(
    arrival: Arrival,
    hop: Hop,
    request: Request,
    judged: tokens.Judged,
    chosen: Chosen,
    lead: Lead,
) -> Turn:
    """The filters in the order of `proxy.xds.http_connection_manager`."""
    route = chosen.route
    made = Turn(
        share=chosen.share,
        route=chosen.told,
        effects=rewriting.effects(route, judged.request) if route else None,
    )
    own = _answered_before(arrival, hop, request, judged, route)
    if own is not None:
        return replace(made, ends=(replace(own, share=chosen.share),))
    return routed(arrival, hop, judged.request, route, made, lead)


def _answered_before(
    arrival: Arrival, hop: Hop, request: Request, judged: tokens.Judged, route: Route | None
) -> Outcome | None:
    """What is answered before the request comes to its route's faults and clusters."""
    proxy = arrival.config.proxy
    if arrival.side != INBOUND and route is not None and route.cors is not None:
        preflight = _preflight(route.cors, request)
        if preflight:
            return reply(proxy, request, *preflight, details="cors_response")
    if judged.status is not None:
        message = judged.told.message if judged.told else ""
        return reply(proxy, request, judged.status, message, details=judged.details)
    if route is not None and hop.guards and not hop.guards[-1].passes:
        return _denied(arrival, judged.request, hop)
    return None


def _denied(arrival: Arrival, request: Request, hop: Hop) -> Outcome:
    last = hop.guards[-1]
    return reply(
        arrival.config.proxy,
        request,
        403,
        last.message,
        details=f"rbac_access_denied_matched_policy[{last.rule or 'none'}]",
    )


def _remote_address(arrival: Arrival, request: Request) -> str:
    """Inside the mesh the last address of x-forwarded-for is believed."""
    if arrival.edge:
        return arrival.connection.address
    told = (request.header("x-forwarded-for") or "").rpartition(",")[2].strip()
    return told or arrival.connection.address


def _preflight(cors: Cors, request: Request) -> tuple[int, str] | None:
    """What a preflight is answered; None where the request goes on."""
    origin = request.header("origin")
    asked = request.header("access-control-request-method")
    if not (origin and asked and request.method == "OPTIONS"):
        return None
    if any(matches(one, origin) for one in cors.origins):
        return 200, f"a preflight of {origin}, which may read answers"
    if cors.forward_unmatched is False:
        return 200, f"a preflight of {origin}, which may not read answers"
    return None


# --- faults, and the router --------------------------------------------------------------------


def routed(
    arrival: Arrival, hop: Hop, request: Request, route: Route | None, made: Turn, lead: Lead
) -> Turn:
    proxy = arrival.config.proxy
    if route is None:
        told = _no_route(arrival, request, hop)
        return replace(made, ends=(replace(told, share=made.share),))
    ends: tuple[Outcome, ...] = ()
    # the inbound side has no fault filter
    abort = route.fault.abort if route.fault and arrival.side != INBOUND else None
    if abort is not None and abort.percent > 0:
        delay = route.fault.delay if route.fault else None
        told = _aborted(arrival, request, abort)
        late = min(delay.percent, WHOLE) if delay else 0.0
        ends = tuple(
            replace(told, flags=flags, share=made.share * told.share * share / WHOLE**2)
            for flags, share in (("DI,FI", late), ("FI", WHOLE - late))
            if share > 0
        )
    left = made.share - sum(one.share for one in ends)
    if left <= 0:
        return replace(made, ends=ends)
    if route.direct_response is not None:
        status = route.direct_response.status
        told = reply(
            proxy, request, status, f"the route answers {status}", details="direct_response"
        )
        return replace(made, ends=(*ends, replace(told, share=left)))
    if route.redirect is not None:
        told = _redirected(arrival, request, route, route.redirect)
        return replace(made, ends=(*ends, replace(told, share=left)))
    heaviest = max(route.clusters, key=lambda share: share.weight)
    return replace(
        made,
        ends=ends,
        sent=sent(rewriting.leaving(route, heaviest, request)),
        destinations=tuple(
            replace(
                lead(arrival.config, share, rewriting.leaving(route, share, request)),
                share=share.weight * left / WHOLE,
            )
            for share in route.clusters
        ),
    )


def _redirected(arrival: Arrival, request: Request, route: Route, to: Redirect) -> Outcome:
    location = rewriting.location(to, route.match, request)
    return reply(
        arrival.config.proxy,
        request,
        to.status,
        f"the route redirects to {location}",
        details="direct_response",
        location=location,
    )


def sent(request: Request) -> Sent:
    return Sent(
        method=request.method,
        authority=request.authority,
        path=request.path,
        headers=tuple(joined(request.headers)),
    )


def _no_route(arrival: Arrival, request: Request, hop: Hop) -> Outcome:
    if hop.virtual_host is None:
        message = f"no virtual host of {arrival.table.name} has the name {request.authority}"
    else:
        message = f"no route of {hop.virtual_host.name} takes the request"
    proxy = arrival.config.proxy
    return reply(proxy, request, 404, message, flags="NR", details="route_not_found")


def _aborted(arrival: Arrival, request: Request, abort: Abort) -> Outcome:
    status = 200 if abort.http_status is None else abort.http_status
    told = reply(
        arrival.config.proxy,
        request,
        status,
        f"a fault is injected into {abort.percent:g} % of the requests",
        flags="FI",
        details="fault_filter_abort",
        grpc_status=abort.grpc_status if request.is_grpc else None,
    )
    return replace(told, share=min(abort.percent, WHOLE))


def cluster_of(config: ProxyConfig, name: str) -> Cluster | None:
    return next((c for c in config.clusters if c.name == name), None)
