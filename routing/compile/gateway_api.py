"""The Gateway API's routes become Gateways and VirtualServices, which the rest of the way knows.

Each listener becomes a Gateway; all routes of a listener that share a host name become one
VirtualService, the more specific match first, whichever route it stands in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from routing.compile.gateway_attachment import (
    RESOLVED,
    Around,
    Place,
    Secrets,
    Usable,
    attaches,
    certificate_reason,
    hosts_at,
    is_service,
    resolution,
    selector_of,
    surroundings,
)
from routing.compile.gateway_status import Statuses, statuses
from routing.ir import DirectResponse, GatewayTlsMode, HeaderMatch, MatchKind, StringMatch
from routing.model import (
    ApiGateway,
    ApiGatewayClass,
    ApiRoute,
    Gateway,
    Grant,
    VirtualService,
)
from routing.model.gateway import Server, ServerTls
from routing.model.gateway_api import ApiRule, Backend, Reference
from routing.model.gateway_names import MESH
from routing.model.hosts import DOMAIN, specificity
from routing.model.metadata import Metadata
from routing.model.virtual_service import (
    Destination,
    HttpRoute,
    L4Match,
    L4Route,
    WeightedDestination,
)
from topology.contracts import Registry

NO_BACKEND = DirectResponse(status=500)
NOWHERE = "nowhere.invalid"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
WELL_KNOWN = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    gateways: tuple[Gateway, ...] = ()
    virtual_services: tuple[VirtualService, ...] = ()
    statuses: Statuses = ()


Entry = tuple[ApiRoute, ApiRule]


def converted(
    classes: tuple[ApiGatewayClass, ...],
    gateways: tuple[ApiGateway, ...],
    routes: tuple[ApiRoute, ...],
    grants: tuple[Grant, ...],
    registry: Registry,
    secrets: Secrets,
) -> Converted:
    if not (classes or gateways or routes):
        return Converted()
    known = surroundings(gateways, classes, grants, registry, secrets)
    return Converted(
        gateways=tuple(as_gateway(place, known) for place in known.places if place.is_served),
        virtual_services=(*at_gateways(routes, known), *in_the_mesh(routes, known)),
        statuses=statuses(classes, gateways, routes, known),
    )


# --- listeners ---------------------------------------------------------------------------------


def as_gateway(place: Place, around: Around) -> Gateway:
    key, listener = place.gateway.metadata.key, place.listener
    return Gateway(
        metadata=place.gateway.metadata,
        selector=selector_of(place.gateway, around),
        namespace=key.namespace,
        listener=listener.name,
        servers=(
            Server(
                port=listener.port,
                port_name=listener.name,
                protocol=listener.protocol,
                hosts=(listener.host,),
                name=listener.name,
                tls=server_tls(place, around),
            ),
        ),
    )


def server_tls(place: Place, around: Around) -> ServerTls | None:
    """Nothing is served where the certificate is missing or not granted."""
    listener = place.listener
    if listener.family != "TLS":
        return None
    if listener.passthrough:
        return ServerTls(mode=GatewayTlsMode.PASSTHROUGH)
    if listener.certificate is None or certificate_reason(place, around) != RESOLVED:
        return ServerTls()
    return ServerTls(mode=GatewayTlsMode.SIMPLE, credential=listener.certificate.name)


def at_gateways(routes: tuple[ApiRoute, ...], around: Around) -> Iterator[VirtualService]:
    for place in around.places:
        own = [
            route
            for route in routes
            if any(attaches(route, parent, place, around) for parent in route.parents)
        ]
        if place.listener.protocol in ("HTTP", "HTTPS"):
            yield from for_requests(place, own, around)
        else:
            yield from for_connections(place, own, around)


def for_requests(place: Place, routes: list[ApiRoute], around: Around) -> Iterator[VirtualService]:
    hosts: dict[str, list[Entry]] = {place.listener.host: []}
    for route in routes:
        for host in hosts_at(route, place, around):
            hosts.setdefault(host, []).extend((route, rule) for rule in route.rules)
    for host in sorted(hosts, key=specificity):
        yield virtual_service(host, place, hosts[host], around)


def for_connections(
    place: Place, routes: list[ApiRoute], around: Around
) -> Iterator[VirtualService]:
    """Of the routes for one name the oldest counts, and of each its first rule."""
    for route in sorted(routes, key=lambda r: r.metadata.age):
        for host in hosts_at(route, place, around):
            for rule in route.rules[:1]:
                made = connections(route, rule, around)
                sni = L4Route(matches=(L4Match(sni_hosts=(host,)),), route=made)
                yield VirtualService(
                    metadata=route.metadata,
                    hosts=(host,),
                    gateways=(place.name,),
                    tls=(sni,) if place.listener.passthrough else (),
                    tcp=() if place.listener.passthrough else (L4Route(route=made),),
                )


def connections(route: ApiRoute, rule: ApiRule, around: Around) -> tuple[WeightedDestination, ...]:
    """The share of a backend that must not be used leads nowhere."""
    return tuple(
        replace(
            one,
            weight=backend.weight,
            destination=destination(backend.reference)
            if resolution(route, backend.reference, around) == RESOLVED
            else Destination(host=NOWHERE),
        )
        for one, backend in zip(rule.route.route, rule.backends, strict=True)
        if backend.weight
    )


def virtual_service(
    host: str, place: Place, entries: list[Entry], around: Around
) -> VirtualService:
    gateway = place.gateway.metadata
    scheme = place.listener.protocol.lower()
    return VirtualService(
        metadata=Metadata(key=gateway.key, created_at=gateway.created_at),
        hosts=(host,),
        gateways=(place.name,),
        http=tuple(
            at_port(made, scheme, place.listener.port)
            for route, rule in ordered(entries)
            for shared in http_routes(route, rule, around)
            for made in with_preflights(shared)
        ),
    )


def ordered(entries: Iterable[Entry]) -> list[Entry]:
    """The more specific match first, then the older route."""

    def rank(entry: Entry) -> tuple[object, ...]:
        route, rule = entry
        *specific, index, number = rule.rank
        key = route.metadata.key
        age = (route.metadata.created_at, key.namespace, key.name)
        return (*specific, *age, index, number)

    http = [e for e in entries if e[0].metadata.key.kind == "HTTPRoute"]
    grpc = [e for e in entries if e[0].metadata.key.kind != "HTTPRoute"]
    return [*sorted(grpc, key=rank), *sorted(http, key=rank)]


def at_port(route: HttpRoute, scheme: str, port: int) -> HttpRoute:
    """A redirect that names no port leads to its scheme's, or back to the listener's; a scheme's
    own port is not written."""
    to = route.redirect
    if to is None:
        return route
    wanted = to.port or (WELL_KNOWN[to.scheme] if to.scheme else port)
    written = None if wanted == WELL_KNOWN.get(to.scheme or scheme) else wanted
    return replace(route, redirect=replace(to, port=written))


# --- the mesh ----------------------------------------------------------------------------------


def in_the_mesh(routes: tuple[ApiRoute, ...], around: Around) -> Iterator[VirtualService]:
    """Routes whose parent is a Service: of its own namespace for all clients, of another one for
    the clients there."""
    found: dict[tuple[str, str, bool], list[tuple[ApiRoute, Reference]]] = {}
    for route in routes:
        for parent in route.parents:
            if is_service(parent) and (parent.namespace, parent.name) in around.services:
                namespace = route.metadata.key.namespace
                host = f"{parent.name}.{parent.namespace}.{DOMAIN}"
                key = (host, namespace, namespace == parent.namespace)
                found.setdefault(key, []).append((route, parent))
    for (host, namespace, producer), members in found.items():
        ports = {parent.port for _, parent in members}
        entries = [
            (route, on_port(rule, parent.port)) for route, parent in members for rule in route.rules
        ]
        oldest = min(members, key=lambda m: m[0].metadata.age)[0].metadata
        yield VirtualService(
            metadata=Metadata(
                key=oldest.key,
                # what a client's own namespace says counts before what the service's does
                created_at=oldest.created_at if producer else -1.0,
                export_to=("*",) if producer else (namespace,),
            ),
            hosts=(host,),
            gateways=(MESH,),
            own_ports_only=None not in ports,
            http=tuple(
                at_port(made, "http", 80)
                for route, rule in ordered(entries)
                for shared in http_routes(route, rule, around, granted=True)
                for made in with_preflights(shared)
            ),
        )


def on_port(rule: ApiRule, port: int | None) -> ApiRule:
    if port is None:
        return rule
    matches = tuple(replace(m, port=port) for m in rule.route.matches)
    return replace(rule, route=replace(rule.route, matches=matches))


# --- backends ----------------------------------------------------------------------------------


def http_routes(
    route: ApiRoute, rule: ApiRule, around: Around, *, granted: bool = False
) -> Iterator[HttpRoute]:
    """The route with its backends; 500 where it has none, and for the share of one that it may not
    use.

    `granted`: between the mesh's own services nobody needs a grant.
    """
    given = rule.route

    def usable(reference: Reference) -> bool:
        return resolution(route, reference, around, granted=granted) == RESOLVED

    used = [
        (one, backend)
        for one, backend in zip(given.route, rule.backends, strict=True)
        if backend.weight
    ]
    if given.redirect is not None or given.direct_response is not None:
        yield replace(given, route=(), mirrors=())
    elif not any(usable(backend.reference) for _, backend in used):
        yield replace(given, route=(), mirrors=(), direct_response=NO_BACKEND)
    elif all(usable(b.reference) and b.alone is None for _, b in used) and even(rule):
        every = [
            replace(one, weight=b.weight, destination=destination(b.reference)) for one, b in used
        ]
        yield leading(given, every, rule.mirrors, usable)
    else:
        yield from split(rule, used, usable)


def with_preflights(route: HttpRoute) -> Iterator[HttpRoute]:
    """Where every method is allowed, a preflight is told the one that it asks for: a browser takes
    a star for a method's name where credentials are allowed."""
    cors = route.cors
    if cors is not None and cors.credentials and "*" in cors.methods:
        for method in METHODS:
            asked = (
                HeaderMatch(name=":method", match=exact("OPTIONS")),
                HeaderMatch(name="access-control-request-method", match=exact(method)),
            )
            yield replace(
                route,
                matches=tuple(replace(m, headers=(*m.headers, *asked)) for m in route.matches),
                cors=replace(cors, methods=(method,)),
            )
        cors = replace(cors, methods=METHODS)
    yield replace(route, cors=cors)


def exact(value: str) -> StringMatch:
    return StringMatch(kind=MatchKind.EXACT, value=value)


def even(rule: ApiRule) -> bool:
    """Whether whole percents say the weights well enough."""
    weights = [b.weight for b in rule.backends if b.weight]
    return all(100 * weight >= sum(weights) for weight in weights)


def split(
    rule: ApiRule, used: list[tuple[WeightedDestination, Backend]], usable: Usable
) -> Iterator[HttpRoute]:
    """One route per backend, each for what the ones before it have left over."""
    total, taken = sum(backend.weight for _, backend in used), 0
    for one, backend in used:
        taken += backend.weight
        shared = of_share(backend.alone or rule.route, 100 * taken / total)
        if not usable(backend.reference):
            yield replace(shared, route=(), mirrors=(), direct_response=NO_BACKEND)
        elif shared.redirect is not None or shared.direct_response is not None:
            yield replace(shared, route=(), mirrors=())
        else:
            mirrors = backend.mirrors if backend.alone else rule.mirrors
            there = replace(one, destination=destination(backend.reference))
            yield leading(shared, [there], mirrors, usable)


def of_share(route: HttpRoute, percent: float) -> HttpRoute:
    return replace(route, matches=tuple(replace(m, percent=percent) for m in route.matches))


def leading(
    route: HttpRoute,
    destinations: list[WeightedDestination],
    mirrors: tuple[Reference, ...],
    usable: Usable,
) -> HttpRoute:
    return replace(
        route,
        route=tuple(destinations),
        mirrors=tuple(
            replace(mirror, destination=destination(reference))
            for mirror, reference in zip(route.mirrors, mirrors, strict=True)
            if usable(reference)
        ),
    )


def destination(reference: Reference) -> Destination:
    return Destination(host=f"{reference.name}.{reference.namespace}.{DOMAIN}", port=reference.port)
