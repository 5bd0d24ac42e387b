"""The Gateway API's routes become Gateways and VirtualServices, which the rest of the way knows.

Each listener becomes a Gateway; all routes of a listener that share a host name become one
VirtualService, the more specific match first, whichever route it stands in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from routing.contracts import ResourceKey
from routing.ir import DirectResponse, GatewayTlsMode
from routing.model import ApiGateway, ApiRoute, Gateway, Grant, VirtualService
from routing.model.gateway import Server, ServerTls
from routing.model.gateway_api import (
    GROUP,
    NAME_LABEL,
    ApiRule,
    Backend,
    Listener,
    Reference,
)
from routing.model.gateway_names import MESH
from routing.model.hosts import DOMAIN, covers, specificity
from routing.model.metadata import Metadata
from routing.model.virtual_service import Destination, HttpRoute, WeightedDestination
from topology.contracts import Labels, Registry, Service

NO_BACKEND = DirectResponse(status=500)
WELL_KNOWN = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What became of one route at one parent (its conditions Accepted and ResolvedRefs)."""

    route: ResourceKey
    parent: Reference
    accepted: str
    resolved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    gateways: tuple[Gateway, ...] = ()
    virtual_services: tuple[VirtualService, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One listener of one gateway."""

    gateway: ApiGateway
    listener: Listener

    @property
    def name(self) -> str:
        key = self.gateway.metadata.key
        return f"{key.namespace}/{key.name}~{self.listener.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What routes refer to."""

    services: Mapping[tuple[str, str], Service]
    namespaces: Mapping[str, Labels]
    grants: tuple[Grant, ...]
    places: tuple[Place, ...]


Entry = tuple[ApiRoute, ApiRule]
Usable = Callable[[Reference], bool]


def converted(
    gateways: tuple[ApiGateway, ...],
    routes: tuple[ApiRoute, ...],
    grants: tuple[Grant, ...],
    registry: Registry,
) -> Converted:
    if not (gateways or routes):
        return Converted()
    around = Around(
        services={(s.namespace, s.name): s for s in registry.services},
        namespaces={n.name: n.labels for n in registry.namespaces},
        grants=grants,
        places=tuple(Place(gateway=g, listener=one) for g in gateways for one in g.listeners),
    )
    return Converted(
        gateways=tuple(as_gateway(place, around) for place in around.places),
        virtual_services=(*at_gateways(routes, around), *in_the_mesh(routes, around)),
        attachments=tuple(
            attachment(route, parent, around) for route in routes for parent in route.parents
        ),
    )


# --- listeners ---------------------------------------------------------------------------------


def as_gateway(place: Place, around: Around) -> Gateway:
    key, listener = place.gateway.metadata.key, place.listener
    selector: Labels = ((NAME_LABEL, key.name),)
    for address in place.gateway.addresses:
        name, _, rest = address.partition(".")
        service = around.services.get((rest.partition(".")[0] or key.namespace, name))
        selector = service.selector if service is not None else selector
    return Gateway(
        metadata=place.gateway.metadata,
        selector=selector,
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
    if place.listener.protocol != "HTTPS":
        return None
    certificate, key = place.listener.certificate, place.gateway.metadata.key
    granted = certificate is not None and permitted(key, "Gateway", certificate, around)
    if certificate is None or not granted:
        return ServerTls()
    return ServerTls(mode=GatewayTlsMode.SIMPLE, credential=certificate.name)


def at_gateways(routes: tuple[ApiRoute, ...], around: Around) -> Iterator[VirtualService]:
    for place in around.places:
        hosts: dict[str, list[Entry]] = {place.listener.host: []}
        for route in routes:
            if any(attaches(route, parent, place, around) for parent in route.parents):
                for host in hosts_at(route, place, around):
                    hosts.setdefault(host, []).extend((route, rule) for rule in route.rules)
        for host in sorted(hosts, key=specificity):
            yield virtual_service(host, place, hosts[host], around)


def attaches(route: ApiRoute, parent: Reference, place: Place, around: Around) -> bool:
    return refers(parent, place) and admitted(route, place, around)


def refers(parent: Reference, place: Place) -> bool:
    key = place.gateway.metadata.key
    return (
        (parent.group, parent.kind) == (GROUP, "Gateway")
        and (parent.namespace, parent.name) == (key.namespace, key.name)
        and parent.section in ("", place.listener.name)
        and parent.port in (None, place.listener.port)
    )


def admitted(route: ApiRoute, place: Place, around: Around) -> bool:
    key = route.metadata.key
    labels = around.namespaces.get(key.namespace, ())
    own = place.gateway.metadata.key.namespace
    return place.listener.admits(key.kind) and place.listener.admits_from(
        key.namespace, own, labels
    )


def hosts_at(route: ApiRoute, place: Place, around: Around) -> Iterator[str]:
    """Where names of the route and of the listener meet, but for what a nearer listener has."""
    own = place.listener.host
    nearer = [
        other.listener.host
        for other in around.places
        if other.gateway is place.gateway
        and other.listener.port == place.listener.port
        and other.listener.host != own
        and covers(own, other.listener.host)
    ]
    for written in route.hostnames or ("*",):
        if covers(own, written):
            host = written
        elif covers(written, own):
            host = own
        else:
            continue
        if not any(covers(name, host) for name in nearer):
            yield host


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
            for made in http_routes(route, rule, around)
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
                for made in http_routes(route, rule, around, granted=True)
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
        return resolution(route, reference, around, granted=granted) == "ResolvedRefs"

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


def is_service(reference: Reference) -> bool:
    return (reference.group, reference.kind) == ("", "Service")


def resolution(
    route: ApiRoute, backend: Reference, around: Around, *, granted: bool = False
) -> str:
    """The reason of the condition ResolvedRefs for one backend."""
    if not is_service(backend):
        return "InvalidKind"
    key = route.metadata.key
    if not (granted or permitted(key, key.kind, backend, around)):
        return "RefNotPermitted"
    service = around.services.get((backend.namespace, backend.name))
    if service is None or backend.port not in {p.number for p in service.ports}:
        return "BackendNotFound"
    return "ResolvedRefs"


def permitted(key: ResourceKey, kind: str, target: Reference, around: Around) -> bool:
    if target.namespace == key.namespace:
        return True
    return any(grant.allows((GROUP, kind, key.namespace), target) for grant in around.grants)


def attachment(route: ApiRoute, parent: Reference, around: Around) -> Attachment:
    references = [b.reference for rule in route.rules for b in rule.backends]
    references += [m for rule in route.rules for m in rule.mirrors]
    in_mesh = is_service(parent)
    reasons = [resolution(route, one, around, granted=in_mesh) for one in references]
    return Attachment(
        route=route.metadata.key,
        parent=parent,
        accepted=acceptance(route, parent, around),
        resolved=next((r for r in reasons if r != "ResolvedRefs"), "ResolvedRefs"),
    )


def acceptance(route: ApiRoute, parent: Reference, around: Around) -> str:
    """The reason of the condition Accepted."""
    if is_service(parent):
        known = (parent.namespace, parent.name) in around.services
        return "Accepted" if known else "NoMatchingParent"
    places = [place for place in around.places if refers(parent, place)]
    if not places:
        return "NoMatchingParent"
    admitting = [place for place in places if admitted(route, place, around)]
    if not admitting:
        return "NotAllowedByListeners"
    if not any(host for place in admitting for host in hosts_at(route, place, around)):
        return "NoMatchingListenerHostname"
    return "Accepted"
