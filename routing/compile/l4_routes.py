"""A VirtualService's tcp and tls routes as one kind of client sees them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network

from routing.compile.clusters import BLACKHOLE
from routing.compile.http_routes import Client
from routing.compile.upstreams import Upstream
from routing.compile.weights import Reachable, weighted_clusters
from routing.ir import (
    HeaderMatch,
    MatchKind,
    Origin,
    Route,
    RouteMatch,
    StringMatch,
    TcpRoute,
    WeightedCluster,
)
from routing.model import VirtualService
from routing.model.gateway_names import gateway_names
from routing.model.hosts import covers
from routing.model.networks import is_network
from routing.model.virtual_service import L4Match, L4Route


@dataclass(frozen=True, slots=True, kw_only=True)
class L4Plan:
    """Routes for some connections, and where the others go (None: to the service itself)."""

    routes: tuple[TcpRoute, ...] = ()
    others: tuple[WeightedCluster, ...] | None = None
    origin: Origin | None = None


def l4_plan(service: VirtualService, client: Client, port: int, known: Reachable) -> L4Plan:
    """TLS routes first; the first TCP route that takes every connection is the last."""
    routes = [
        r for i in range(len(service.tls)) for r in tls_routes(service, i, client, port, known)
    ]
    for i, route in enumerate(service.tcp):
        clusters = led_to(service, route, port, known)
        origin = Origin(resource=service.metadata.key, path=f"spec.tcp[{i}]")
        for match in applying(service, route, client, port):
            if not match.destinations and not match.sources:
                return L4Plan(routes=distinct(routes), others=clusters, origin=origin)
            routes.append(
                TcpRoute(
                    clusters=clusters,
                    destinations=match.destinations,
                    sources=match.sources,
                    tunnel=known.tunnel_of(clusters),
                    origin=origin,
                )
            )
    return L4Plan(routes=distinct(routes))


def tls_routes(
    service: VirtualService, index: int, client: Client, port: int, known: Reachable
) -> Iterator[TcpRoute]:
    route = service.tls[index]
    clusters = led_to(service, route, port, known)
    for match in applying(service, route, client, port):
        yield TcpRoute(
            clusters=clusters,
            server_names=tuple(dict.fromkeys(match.sni_hosts)),
            destinations=match.destinations,
            sources=match.sources,
            tunnel=known.tunnel_of(clusters),
            origin=Origin(resource=service.metadata.key, path=f"spec.tls[{index}]"),
        )


def led_to(
    service: VirtualService, route: L4Route, port: int, known: Reachable
) -> tuple[WeightedCluster, ...]:
    """The clusters of a route; the black hole where none of them exists."""
    found = weighted_clusters(route.route, service.metadata.key.namespace, port, known)
    return found or (WeightedCluster(cluster=BLACKHOLE.name),)


def distinct(routes: list[TcpRoute]) -> tuple[TcpRoute, ...]:
    """Each kind of connection belongs to the first route that claims it: Envoy takes no two."""
    claimed: set[tuple[str, str, str]] = set()
    kept: list[TcpRoute] = []
    for route in routes:
        free = tuple(
            name for name in route.server_names or ("",) if not claimed & set(claims(route, name))
        )
        for name in free:
            claimed.update(claims(route, name))
        if free:
            kept.append(replace(route, server_names=free if route.server_names else ()))
    return tuple(kept)


def claims(route: TcpRoute, name: str) -> Iterator[tuple[str, str, str]]:
    for destination in route.destinations or ("",):
        for source in route.sources or ("",):
            yield name, destination, source


def applying(
    service: VirtualService, route: L4Route, client: Client, port: int
) -> tuple[L4Match, ...]:
    """The matches of a route that can hold for this client and port."""
    namespace = service.metadata.key.namespace
    own = gateway_names(service.gateways, namespace)
    if not route.matches:
        return (L4Match(),) if client.gateway in own else ()
    return tuple(m for m in route.matches if match_applies(m, own, namespace, client, port))


def tunnel_routes(
    upstream: Upstream, port: int, service: VirtualService, client: Client, known: Reachable
) -> tuple[Route, ...]:
    """For TLS and TCP through the egress port: CONNECT names the host, which its TLS will ask for."""
    routes: list[Route] = []
    for kind, rules in (("tls", service.tls), ("tcp", service.tcp)):
        for i, route in enumerate(rules):
            clusters = led_to(service, route, port, known)
            origin = Origin(resource=service.metadata.key, path=f"spec.{kind}[{i}]")
            for match in applying(service, route, client, port):
                if not reaches(match, upstream):
                    continue
                for authority in authorities(match, upstream, port):
                    routes.append(
                        Route(
                            name=f"{service.metadata.key.namespace}/{service.metadata.key.name}:{kind}{i}",
                            match=RouteMatch(connect=True, headers=authority),
                            clusters=clusters,
                            service_namespace=upstream.namespace,
                            service_name=upstream.name,
                            origin=origin,
                        )
                    )
                    if not authority:
                        return tuple(routes)
    return tuple(routes)


def reaches(match: L4Match, upstream: Upstream) -> bool:
    """Whether a match's blocks of addresses hold one of the host's; who asks is on this host."""
    if not match.destinations:
        return True
    entry = upstream.entry
    known = (*entry.addresses, *(e.address for e in entry.endpoints)) if entry else ()
    blocks = [ip_network(block, strict=False) for block in match.destinations]
    return any(
        ip_network(address, strict=False).subnet_of(block)  # type: ignore[arg-type]
        for address in known
        if is_network(address)
        for block in blocks
        if block.version == ip_network(address, strict=False).version
    )


def authorities(match: L4Match, upstream: Upstream, port: int) -> Iterator[tuple[HeaderMatch, ...]]:
    """What CONNECT may ask for: anything of the host, or the names that TLS is matched by."""
    if not match.sni_hosts or any(covers(name, upstream.host) for name in match.sni_hosts):
        yield ()
        return
    for name in match.sni_hosts:
        if covers(upstream.host, name):
            yield (HeaderMatch(name=":authority", match=authority(name, port)),)


def authority(name: str, port: int) -> StringMatch:
    if not name.startswith("*"):
        return StringMatch(kind=MatchKind.EXACT, value=f"{name}:{port}")
    return StringMatch(kind=MatchKind.SUFFIX, value=f"{name[1:]}:{port}")


def match_applies(
    match: L4Match, own: tuple[str, ...], namespace: str, client: Client, port: int
) -> bool:
    return (
        client.gateway in (gateway_names(match.gateways, namespace) or own)
        and match.port in (None, port)
        and set(match.source_labels) <= set(client.labels)
        and match.source_namespace in ("", client.namespace)
    )
