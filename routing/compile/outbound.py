"""What sidecars of one namespace see when they look outward: virtual hosts and TCP ports."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from routing.compile.clusters import cluster_name
from routing.compile.http_routes import Client, default_route, http_routes
from routing.compile.l4_routes import L4Plan, l4_plan, tunnel_routes
from routing.compile.upstreams import Upstream, UpstreamPort, domains, names
from routing.compile.virtual_services import MeshRoutes
from routing.compile.weights import Reachable
from routing.ir import (
    DirectResponse,
    Origin,
    OutboundHttpListener,
    OutboundTcpListener,
    Route,
    RouteConfig,
    RouteMatch,
    TcpRoute,
    Tunnel,
    VirtualHost,
    WeightedCluster,
)
from routing.model import VirtualService
from routing.model.hosts import DOMAIN
from topology.contracts import Pod

ROUTE_CONFIG = "outbound"
BLOCK_ALL = VirtualHost(
    name="block_all",
    domains=("*",),
    routes=(Route(name="block_all", direct_response=DirectResponse(status=502)),),
)


def virtual_host(
    upstream: Upstream,
    port: UpstreamPort,
    service: VirtualService | None,
    client: Client,
    known: Reachable,
) -> VirtualHost:
    """One port of one host, routed by its VirtualService if that has http routes."""
    return VirtualHost(
        name=f"{upstream.host}:{port.number}",
        domains=domains(upstream, port, client.namespace),
        routes=routes_to(upstream, port, service, client, known),
    )


def routes_to(
    upstream: Upstream,
    port: UpstreamPort,
    service: VirtualService | None,
    client: Client,
    known: Reachable,
) -> tuple[Route, ...]:
    """An HTTP port's routes are its VirtualService's alone; of others what they leave is the host's."""
    itself = default_route(upstream, port, cluster_name(port.number, "", upstream.host), known)
    if service is None:
        return (itself,)
    if not port.protocol.is_http:
        tunnels = tunnel_routes(upstream, port.number, service, client, known)
        whole = bool(tunnels) and not tunnels[-1].match.headers
        return tunnels if whole else (*tunnels, itself)
    routes = http_routes(service, client, port.number, known)
    bare = not service.http or (service.own_ports_only and not routes)
    return (itself,) if bare else routes


def has_virtual_host(upstream: Upstream, port: UpstreamPort, known: Reachable) -> bool:
    """HTTP ports; and other ports outside the mesh, as tunnels through the egress port."""
    if cluster_name(port.number, "", upstream.host) not in known.clusters:
        return False
    return port.protocol.is_http or upstream.entry is not None


def unregistered_hosts(
    routes: MeshRoutes, known: Reachable
) -> tuple[tuple[str, VirtualService], ...]:
    """Hosts that only a VirtualService knows; they live on port 80 (as in Istio)."""
    exact = ((h, s) for h, of in routes.exact.items() if h not in known.upstreams for s in of)
    wildcard = ((p, s) for p, s in routes.wildcard if p not in known.upstreams and p != "*")
    return (*exact, *wildcard)


def unregistered_host(
    host: str, service: VirtualService, client: Client, known: Reachable
) -> VirtualHost:
    namespace = host.removesuffix(f".{DOMAIN}").rpartition(".")[2]
    known_as = names(host, namespace, client.namespace)
    with_port = () if host.startswith("*") else tuple(f"{n}:80" for n in known_as)
    return VirtualHost(
        name=f"{host}:80",
        domains=(*known_as, *with_port),
        routes=http_routes(service, client, 80, known),
    )


def allow_any(cluster: str) -> VirtualHost:
    """Whatever nobody knows goes to this cluster."""
    clusters = (WeightedCluster(cluster=cluster),)
    return VirtualHost(
        name="allow_any",
        domains=("*",),
        routes=(
            Route(name="allow_any", match=RouteMatch(connect=True), clusters=clusters),
            Route(name="allow_any", clusters=clusters),
        ),
    )


@dataclass(frozen=True, slots=True)
class HttpPort:
    """A port that a Sidecar opens for some hosts, before it has a pod's address."""

    port: int
    bind: str

    @property
    def route_config(self) -> str:
        return f"{ROUTE_CONFIG}|{self.port}" + (f"|{self.bind}" if self.bind else "")


def http_ports(pod: Pod, ports: tuple[HttpPort, ...]) -> tuple[OutboundHttpListener, ...]:
    return tuple(
        OutboundHttpListener(
            address=p.bind or pod.outbound_address, port=p.port, route_config=p.route_config
        )
        for p in ports
    )


def route_config(virtual_hosts: Iterable[VirtualHost]) -> RouteConfig:
    return with_others(virtual_hosts, BLOCK_ALL)


def with_others(virtual_hosts: Iterable[VirtualHost], others: VirtualHost) -> RouteConfig:
    """All virtual hosts; a domain belongs to the first that claims it, what is left to `others`."""
    given = tuple(virtual_hosts)
    kept = given if none_clash(given) else tuple(with_free_domains(given))
    return RouteConfig(name=ROUTE_CONFIG, virtual_hosts=(*kept, others))


def none_clash(given: tuple[VirtualHost, ...]) -> bool:
    """Whether each domain is claimed once, as nearly always."""
    claimed = {"*"}.union(*[one.domains for one in given])
    return len(claimed) == 1 + sum([len(one.domains) for one in given])


def with_free_domains(given: Iterable[VirtualHost]) -> Iterator[VirtualHost]:
    claimed: set[str] = {"*"}
    for one in given:
        free = tuple(d for d in one.domains if d not in claimed)
        claimed.update(free)
        if len(free) == len(one.domains):
            yield one
        elif free:
            yield VirtualHost(name=one.name, domains=free, routes=one.routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpPlan:
    """A TCP port of a service, before it has a pod's address."""

    port: int
    clusters: tuple[WeightedCluster, ...]
    service_namespace: str
    service_name: str
    origin: Origin | None = None
    routes: tuple[TcpRoute, ...] = ()
    tunnel: Tunnel | None = None
    bind: str = ""


def tcp_plan(
    upstream: Upstream,
    port: UpstreamPort,
    service: VirtualService | None,
    client: Client,
    known: Reachable,
) -> TcpPlan:
    plan = L4Plan() if service is None else l4_plan(service, client, port.number, known)
    own = (WeightedCluster(cluster=cluster_name(port.number, "", upstream.host)),)
    others = own if plan.others is None else plan.others
    return TcpPlan(
        port=port.local_port,
        clusters=others,
        service_namespace=upstream.namespace,
        service_name=upstream.name,
        origin=plan.origin,
        routes=plan.routes,
        tunnel=known.tunnel_of(others),
    )


def tcp_listeners(pod: Pod, plans: tuple[TcpPlan, ...]) -> tuple[OutboundTcpListener, ...]:
    return tuple(
        OutboundTcpListener(
            address=p.bind or pod.outbound_address,
            port=p.port,
            clusters=p.clusters,
            service_namespace=p.service_namespace,
            service_name=p.service_name,
            origin=p.origin,
            routes=p.routes,
            tunnel=p.tunnel,
        )
        for p in plans
    )
