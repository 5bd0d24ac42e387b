"""What gateway workloads listen for and where it goes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from routing.compile.authorization import Guard
from routing.compile.clusters import BLACKHOLE
from routing.compile.http_routes import Client, http_routes
from routing.compile.l4_routes import distinct, l4_plan, tls_routes
from routing.compile.secrets import NEEDS_SECRET, with_secrets
from routing.compile.server_names import by_server_name
from routing.compile.weights import Reachable
from routing.ir import (
    GatewayListener,
    GatewaySecret,
    GatewayServer,
    GatewayTlsMode,
    Origin,
    Redirect,
    Route,
    RouteConfig,
    ServerTls,
    TcpRoute,
    VirtualHost,
    WeightedCluster,
)
from routing.model import Gateway, VirtualService
from routing.model.gateway import Server
from routing.model.gateway_names import gateway_names
from routing.model.hosts import covers, full_host, specificity
from topology.contracts import Labels, Pod, Service

NOWHERE = (WeightedCluster(cluster=BLACKHOLE.name),)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayWorkload:
    """The pods of one gateway Deployment, which all serve the same.

    `host_ports` maps ports of gateways to where the host's loopback has them.
    """

    namespace: str
    labels: Labels
    secrets: tuple[GatewaySecret, ...]
    host_ports: tuple[tuple[int, int], ...] = ()

    def https_port(self, servers: Iterable[int]) -> int | None:
        """Where a redirect to https leads: the default port, else where the host has another."""
        ports = sorted(set(servers))
        own = dict(self.host_ports)
        mapped = [own[p] for p in ports if p in own]
        if mapped:
            return mapped[0]
        return None if not ports or 443 in ports else ports[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortPlan:
    """The servers of one gateway port, before it has a pod's address; `bind` is another one."""

    port: int
    servers: tuple[GatewayServer, ...]
    bind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPlan:
    ports: tuple[PortPlan, ...] = ()
    routes: tuple[RouteConfig, ...] = ()
    secrets: tuple[GatewaySecret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A server with the gateway it belongs to and its place there."""

    gateway: Gateway
    server: Server
    index: int

    @property
    def gateway_name(self) -> str:
        key = self.gateway.metadata.key
        name = f"{key.namespace}/{key.name}"
        return f"{name}~{self.gateway.listener}" if self.gateway.listener else name

    @property
    def origin(self) -> Origin:
        return Origin(resource=self.gateway.metadata.key, path=f"spec.servers[{self.index}]")

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(h.rpartition("/")[2] for h in self.server.hosts)

    def accepts(self, host: str, namespace: str) -> str | None:
        """The domain to serve for a VirtualService's host: the narrower of the two names."""
        for written in self.server.hosts:
            scope, _, pattern = written.rpartition("/")
            scope = self.gateway.metadata.key.namespace if scope == "." else scope
            if scope not in ("", "*", namespace):
                continue
            if covers(pattern, host):
                return host
            if covers(host, pattern):
                return pattern
        return None


def serves(gateway: Gateway, labels: Labels) -> bool:
    """A gateway without selector is served by every gateway workload (as in Istio)."""
    return set(gateway.selector) <= set(labels)


def gateway_plan(
    workload: GatewayWorkload,
    gateways: tuple[Gateway, ...],
    services: tuple[VirtualService, ...],
    known: Reachable,
) -> GatewayPlan:
    """`gateways` and `services` are all of the mesh, oldest first."""
    ports: list[PortPlan] = []
    routes: list[RouteConfig] = []
    services = tuple(s for s in services if s.metadata.visible_to(workload.namespace))
    bound = by_port(gateways, workload)
    https = workload.https_port(
        port for (port, _), at in bound.items() if at[0].server.protocol == "HTTPS"
    )
    for (port, bind), servers in bound.items():
        if servers[0].server.is_tls:
            made = [tls_server(b, workload, services, known) for b in servers]
        elif servers[0].server.is_http:
            made = [http_servers(servers, workload, services, known, https)]
        else:
            made = [tcp_server(b, workload, services, known) for b in servers[:1]]
        plan = tuple(server for group, _ in made for server in group)
        if plan:
            ports.append(PortPlan(port=port, servers=without_shadowed(plan), bind=bind))
            routes.extend(config for _, configs in made for config in configs)
    used = {name for port in ports for server in port.servers for name in secret_names(server)}
    return GatewayPlan(
        ports=tuple(ports),
        routes=tuple(routes),
        secrets=tuple(s for s in workload.secrets if {s.name, s.authorities_name} & used),
    )


def secret_names(server: GatewayServer) -> set[str]:
    """What a server waits for over SDS."""
    return {server.secret, server.tls.authorities, *server.tls.secrets} - {""}


def passed_names(plan: GatewayPlan) -> frozenset[str]:
    """The server names whose connections are passed on as they come."""
    return frozenset(
        name
        for port in plan.ports
        for server in port.servers
        if server.tls_mode is GatewayTlsMode.AUTO_PASSTHROUGH
        for name in server.server_names
    )


def guarded(plan: GatewayPlan, guard: Guard) -> GatewayPlan:
    """The plan with what stands before all its servers."""
    return replace(
        plan,
        ports=tuple(
            replace(port, servers=tuple(guarded_server(s, guard) for s in port.servers))
            for port in plan.ports
        ),
        routes=tuple(replace(config, authorization=guard.http) for config in plan.routes),
    )


def guarded_server(server: GatewayServer, guard: Guard) -> GatewayServer:
    if server.tcp_clusters:
        return replace(server, authorization=guard.tcp)
    return replace(server, jwt=guard.jwt)


Made = tuple[tuple[GatewayServer, ...], tuple[RouteConfig, ...]]


def by_port(
    gateways: Iterable[Gateway], workload: GatewayWorkload
) -> dict[tuple[int, str], list[Bound]]:
    """Servers by port and address to bind, ascending. The oldest decides whether one is plain or TLS."""
    found: dict[tuple[int, str], list[Bound]] = {}
    for gateway in gateways:
        if gateway.namespace not in ("", workload.namespace):
            continue
        if not serves(gateway, workload.labels):
            continue
        for i, server in enumerate(gateway.servers):
            servers = found.setdefault((server.port, server.bind), [])
            if not servers or same_family(servers[0].server, server):
                servers.append(Bound(gateway=gateway, server=server, index=i))
    return {port: found[port] for port in sorted(found)}


def same_family(one: Server, other: Server) -> bool:
    return (one.is_tls, one.is_tls or one.is_http) == (other.is_tls, other.is_tls or other.is_http)


def without_shadowed(servers: tuple[GatewayServer, ...]) -> tuple[GatewayServer, ...]:
    """Each server name belongs to the first server that claims it, apart for each block of addresses."""
    claimed: set[tuple[str, str, str]] = set()
    kept: list[GatewayServer] = []
    for server in servers:
        free = tuple(n for n in server.server_names if not claimed & set(claims(server, n)))
        claimed.update(claim for name in free for claim in claims(server, name))
        if free == server.server_names:
            kept.append(server)
        elif free:
            kept.append(replace(server, server_names=free))
    return tuple(kept)


def claims(server: GatewayServer, name: str) -> Iterator[tuple[str, str, str]]:
    for destination in server.destinations or ("",):
        for source in server.sources or ("",):
            yield name, destination, source


def server_name(bound: Bound) -> str:
    return bound.server.name or bound.server.port_name or str(bound.index)


# --- HTTP --------------------------------------------------------------------------------------


def http_servers(
    servers: list[Bound],
    workload: GatewayWorkload,
    services: tuple[VirtualService, ...],
    known: Reachable,
    https_port: int | None,
) -> Made:
    """All plain HTTP servers of a port share one route configuration."""
    first = servers[0].server
    name = ".".join(filter(None, ("http", str(first.port), first.bind)))
    server = GatewayServer(
        name=name, server_names=("*",), route_config=name, origin=servers[0].origin
    )
    return (server,), (gateway_routes(name, servers, workload, services, known, https_port),)


def gateway_routes(
    name: str,
    servers: list[Bound],
    workload: GatewayWorkload,
    services: tuple[VirtualService, ...],
    known: Reachable,
    https_port: int | None = None,
) -> RouteConfig:
    """VirtualServices of one host are joined, oldest first (as in Istio)."""
    hosts: dict[str, list[Route]] = {}
    for bound in servers:
        if bound.server.tls and bound.server.tls.https_redirect:
            for host in bound.hosts:
                hosts.setdefault(host, []).append(to_https(bound, https_port))
            continue
        for service in services:
            routes = routes_at(bound, service, workload, known)
            for host in domains_at(bound, service):
                hosts.setdefault(host, []).extend(routes)
    return RouteConfig(
        name=name,
        virtual_hosts=tuple(
            VirtualHost(
                name=f"{host}:{servers[0].server.port}",
                domains=domains(host, servers[0].server.port, workload),
                routes=tuple(hosts[host]),
            )
            for host in sorted(hosts, key=lambda h: (specificity(h), h))
        ),
        ignore_port=True,
    )


def domains(host: str, port: int, workload: GatewayWorkload) -> tuple[str, ...]:
    """A host with any port; a wildcard (which cannot have two stars) with those there are."""
    if host == "*":
        return (host,)
    if not host.startswith("*"):
        return (host, f"{host}:*")
    ports = dict.fromkeys((port, dict(workload.host_ports).get(port, port)))
    return (host, *(f"{host}:{number}" for number in ports))


def routes_at(
    bound: Bound, service: VirtualService, workload: GatewayWorkload, known: Reachable
) -> tuple[Route, ...]:
    return http_routes(service, client_at(bound, workload), bound.server.port, known)


def domains_at(bound: Bound, service: VirtualService) -> Iterator[str]:
    """The domains under which a server serves a VirtualService."""
    key = service.metadata.key
    if bound.gateway_name not in gateway_names(service.gateways, key.namespace):
        return
    found = (bound.accepts(full_host(h, key.namespace), key.namespace) for h in service.hosts)
    yield from dict.fromkeys(host for host in found if host is not None)


def to_https(bound: Bound, port: int | None) -> Route:
    to = Redirect(scheme="https", port=port)
    return Route(name="https_redirect", redirect=to, origin=bound.origin)


# --- TLS and TCP -------------------------------------------------------------------------------


def tls_server(
    bound: Bound,
    workload: GatewayWorkload,
    services: tuple[VirtualService, ...],
    known: Reachable,
) -> Made:
    """Nothing where the certificate is missing: Envoy would wait for it and open no port."""
    tls = bound.server.tls
    if tls is None or tls.mode is None:
        return (), ()
    if tls.mode is GatewayTlsMode.AUTO_PASSTHROUGH:
        return auto_passthrough(bound, known), ()
    if tls.mode is GatewayTlsMode.PASSTHROUGH:
        return passthrough(bound, workload, services, known), ()
    settings = with_secrets(tls, workload.secrets)
    if settings is None:
        return (), ()
    secret = tls.credential if tls.mode in NEEDS_SECRET else ""
    if not bound.server.is_http:
        return tuple(
            terminating(bound, tls.mode, secret, "", settings, one)
            for one in tcp_routes(bound, workload, services, known)
        ), ()
    key = bound.gateway.metadata.key
    name = f"https.{bound.server.port}.{server_name(bound)}.{key.name}.{key.namespace}"
    server = terminating(bound, tls.mode, secret, name, settings, None)
    return (server,), (gateway_routes(name, [bound], workload, services, known),)


def terminating(
    bound: Bound,
    mode: GatewayTlsMode,
    secret: str,
    routes: str,
    settings: ServerTls,
    tcp: TcpRoute | None,
) -> GatewayServer:
    return GatewayServer(
        name=f"{server_name(bound)}.{bound.gateway_name}",
        server_names=tuple(dict.fromkeys(bound.hosts)),
        route_config=routes,
        tls_mode=mode,
        secret=secret,
        tcp_clusters=tcp.clusters if tcp else (),
        origin=bound.origin,
        tls=settings,
        destinations=tcp.destinations if tcp else (),
        sources=tcp.sources if tcp else (),
        tunnel=tcp.tunnel if tcp else None,
    )


def auto_passthrough(bound: Bound, known: Reachable) -> tuple[GatewayServer, ...]:
    """One server for each port and subset of the mesh's hosts that this one is for."""
    hosts = [u for u in known.upstreams.values() if bound.accepts(u.host, u.namespace) == u.host]
    return tuple(
        GatewayServer(
            name=f"{server_name(bound)}.{bound.gateway_name}.{sni}",
            server_names=(sni,),
            route_config="",
            tls_mode=GatewayTlsMode.AUTO_PASSTHROUGH,
            tcp_clusters=(WeightedCluster(cluster=sni),),
            origin=bound.origin,
        )
        for sni in by_server_name(hosts, known.clusters)
    )


def passthrough(
    bound: Bound,
    workload: GatewayWorkload,
    services: tuple[VirtualService, ...],
    known: Reachable,
) -> tuple[GatewayServer, ...]:
    """One server per tls route: it is found by the name the client asks for."""
    client = client_at(bound, workload)
    made: list[GatewayServer] = []
    for service in services:
        key = service.metadata.key
        if not list(domains_at(bound, service)):
            continue
        for i in range(len(service.tls)):
            for j, route in enumerate(tls_routes(service, i, client, bound.server.port, known)):
                names = [n for n in route.server_names if bound.accepts(n, key.namespace)]
                if names and route.clusters != NOWHERE:
                    label = f"{key.namespace}/{key.name}:{i}" + (f".{j}" if j else "")
                    made.append(
                        GatewayServer(
                            name=f"{server_name(bound)}.{bound.gateway_name}.{label}",
                            server_names=tuple(names),
                            route_config="",
                            tls_mode=GatewayTlsMode.PASSTHROUGH,
                            tcp_clusters=route.clusters,
                            origin=route.origin,
                            destinations=route.destinations,
                            sources=route.sources,
                            tunnel=route.tunnel,
                        )
                    )
    return tuple(made)


def tcp_server(
    bound: Bound,
    workload: GatewayWorkload,
    services: tuple[VirtualService, ...],
    known: Reachable,
) -> Made:
    return tuple(
        GatewayServer(
            name=f"tcp.{bound.server.port}" + (f".{i}" if i else ""),
            server_names=("*",),
            route_config="",
            tcp_clusters=one.clusters,
            origin=bound.origin,
            destinations=one.destinations,
            sources=one.sources,
            tunnel=one.tunnel,
        )
        for i, one in enumerate(tcp_routes(bound, workload, services, known))
    ), ()


def tcp_routes(
    bound: Bound,
    workload: GatewayWorkload,
    services: tuple[VirtualService, ...],
    known: Reachable,
) -> tuple[TcpRoute, ...]:
    """Where connections of a server go: by address first, the first that takes all of them last."""
    client = client_at(bound, workload)
    routes: list[TcpRoute] = []
    for service in services:
        if not list(domains_at(bound, service)):
            continue
        plan = l4_plan(replace(service, tls=()), client, bound.server.port, known)
        routes += plan.routes
        if plan.others is not None:
            others = TcpRoute(clusters=plan.others, tunnel=known.tunnel_of(plan.others))
            routes.append(others)
            break
    return tuple(r for r in distinct(routes) if r.clusters != NOWHERE)


def client_at(bound: Bound, workload: GatewayWorkload) -> Client:
    return Client(gateway=bound.gateway_name, namespace=workload.namespace, labels=workload.labels)


# --- addresses ---------------------------------------------------------------------------------


def host_ports(
    pod: Pod, services: tuple[Service, ...], host_port_offset: int
) -> tuple[tuple[int, int], ...]:
    """(gateway port, port on the host's loopback) of every mapped port that has one."""
    own = {p.number: p.host_port + host_port_offset for p in pod.ports if p.host_port}
    mapped = [(p.number, p.target_port) for s in services for p in s.ports]
    known = {number for number, _ in mapped}
    mapped += [(number, number) for number in own if number not in known]
    return tuple(sorted({port: own[at] for port, at in mapped if at in own}.items()))


def gateway_listeners(
    pod: Pod, services: tuple[Service, ...], plan: GatewayPlan, host_port_offset: int
) -> tuple[GatewayListener, ...]:
    """Each port where the pod's Service maps it to, and on the host's loopback if it asks so."""
    made: dict[tuple[str, int], GatewayListener] = {}
    for port in plan.ports:
        for target in target_ports(services, port.port):
            places = [(port.bind or pod.address, target)]
            places += (
                []
                if port.bind
                else [
                    ("127.0.0.1", own.host_port + host_port_offset)
                    for own in pod.ports
                    if own.number == target and own.host_port
                ]
            )
            for address, number in places:
                made.setdefault(
                    (address, number),
                    GatewayListener(address=address, port=number, servers=port.servers),
                )
    return tuple(made.values())


def target_ports(services: tuple[Service, ...], port: int) -> tuple[int, ...]:
    """Where the pod listens for a gateway port: the port itself where no Service maps it."""
    mapped = [p.target_port for s in services for p in s.ports if p.number == port]
    return tuple(dict.fromkeys(mapped)) or (port,)
