"""What sidecars with the same namespace and relevant labels share: routes and TCP ports."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from routing.compile.blocks import block_routes, blocks
from routing.compile.clusters import ANYWHERE, BLACKHOLE
from routing.compile.http_routes import Client
from routing.compile.memo import Memo
from routing.compile.outbound import (
    BLOCK_ALL,
    HttpPort,
    TcpPlan,
    allow_any,
    has_virtual_host,
    route_config,
    tcp_plan,
    unregistered_host,
    unregistered_hosts,
    virtual_host,
    with_others,
)
from routing.compile.scopes import Scope
from routing.compile.upstreams import Upstream, UpstreamPort
from routing.compile.views import View
from routing.compile.virtual_services import MeshRoutes, asks, shown
from routing.compile.weights import Reachable, resolve
from routing.ir import RouteConfig, VirtualHost
from routing.model import Sidecar, VirtualService
from routing.model.sidecar import names
from topology.contracts import Labels

ANYBODY = Client(namespace="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """`ports` are those that a Sidecar opens beside the egress port, `tables` their routes."""

    routes: RouteConfig
    tcp: tuple[TcpPlan, ...]
    ports: tuple[HttpPort, ...] = ()
    tables: tuple[RouteConfig, ...] = ()


def outward(memo: Memo, client: Client, view: View, routes: MeshRoutes) -> Outward:
    """The same object as before where it says the same."""
    slot = ("outward", view.scope, client.labels)
    return memo.same(slot, looked(memo, memo.same((slot, "client"), client), view, routes))


def looked(memo: Memo, client: Client, view: View, routes: MeshRoutes) -> Outward:
    slot = (view.scope, client.labels)
    if view.sidecar is not None:
        routes = memo(("shown", view.scope), shown, routes, view.sidecar)
    hosts = virtual_hosts(memo, client, view, routes)
    plans = tcp_plans(memo, client, view, routes)
    sidecar = view.sidecar
    others = nobody_knows(memo, view, hosts)
    if others is BLOCK_ALL:
        main = memo(("route config", slot), route_config, hosts)
    else:
        others = memo.same(("others", slot), others)
        main = memo(("open route config", slot), with_others, hosts, others)
    if sidecar is None:
        return Outward(routes=main, tcp=plans)
    ports, tables, more = own_listeners(memo, Looking(client, view, routes), sidecar, hosts, plans)
    return Outward(
        routes=main,
        tcp=memo.group(("all tcp plans", slot), (*plans, *more)),
        ports=memo.same(("http ports", slot), ports),
        tables=memo.group(("tables", slot), tables),
    )


def nobody_knows(memo: Memo, view: View, hosts: tuple[VirtualHost, ...]) -> VirtualHost:
    """What becomes of requests for names that are no host's: addresses may be in a host's block."""
    sidecar = view.sidecar
    others = BLOCK_ALL
    if sidecar is not None and sidecar.allow_any:
        others = allow_any(beyond(sidecar, view))
    known = memo(("blocks", view.group), blocks, view.known)
    if not known:
        return others
    return replace(others, routes=(*block_routes(known, hosts), *others.routes))


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks at what: a client, what it can reach, and the VirtualServices it is shown."""

    client: Client
    view: View
    routes: MeshRoutes


def beyond(sidecar: Sidecar, view: View) -> str:
    """Where requests for unknown hosts go: anywhere, or to the proxy that the Sidecar names."""
    if sidecar.egress_proxy is None:
        return ANYWHERE.name
    namespace = sidecar.metadata.key.namespace
    return resolve(sidecar.egress_proxy, namespace, 0, view.known) or BLACKHOLE.name


def own_listeners(
    memo: Memo,
    seen: Looking,
    sidecar: Sidecar,
    hosts: tuple[VirtualHost, ...],
    plans: tuple[TcpPlan, ...],
) -> tuple[tuple[HttpPort, ...], list[RouteConfig], list[TcpPlan]]:
    """The ports that a Sidecar opens for some hosts, which have that very port."""
    client, view = seen.client, seen.view
    slot = (view.scope, client.labels)
    by_name = {host.name: host for host in hosts}
    http: dict[HttpPort, list[VirtualHost]] = {}
    tcp: list[TcpPlan] = []
    for listener in sidecar.listeners:
        for upstream in view.known.upstreams.values():
            port = upstream.port(listener.port)
            if port is None or not names(listener.hosts, upstream.namespace, upstream.host):
                continue
            if listener.protocol.is_http and port.protocol.is_http:
                host = by_name.get(f"{upstream.host}:{port.number}")
                found = http.setdefault(HttpPort(listener.port, listener.bind), [])
                if host is not None:
                    found.append(replace(host, domains=at_own_port(host.domains)))
            elif not listener.protocol.is_http and not port.protocol.is_http:
                service = seen.routes.find(upstream.host, client.namespace)
                plan = tcp_plan(upstream, port, service, client, view.known)
                tcp.append(replace(plan, port=listener.port, bind=listener.bind))
                break
    tables = [
        memo.same(("table of port", slot, port), at_port(route_config(found), port.route_config))
        for port, found in http.items()
    ]
    taken = {plan.port for plan in plans if not plan.bind}
    return tuple(http), tables, [plan for plan in tcp if plan.bind or plan.port not in taken]


def at_own_port(domains: tuple[str, ...]) -> tuple[str, ...]:
    """Where there is one port, names need not have it."""
    bare = (d.rpartition(":")[0] if d.rpartition(":")[2].isdigit() else d for d in domains)
    return tuple(dict.fromkeys((*domains, *bare)))


def at_port(config: RouteConfig, name: str) -> RouteConfig:
    return replace(config, name=name)


Place = tuple[Upstream, UpstreamPort]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The ports of all hosts that have virtual hosts, or that sidecars open; the former also by the
    host's namespace, as indices."""

    http: tuple[Place, ...]
    tcp: tuple[Place, ...]
    by_namespace: Mapping[str, tuple[int, ...]]


def places(known: Reachable) -> Places:
    every = [(upstream, port) for upstream in known.upstreams.values() for port in upstream.ports]
    http = tuple(place for place in every if has_virtual_host(*place, known))
    by_namespace: dict[str, list[int]] = {}
    for index, (upstream, _) in enumerate(http):
        by_namespace.setdefault(upstream.namespace, []).append(index)
    return Places(
        http=http,
        tcp=tuple(p for p in every if p[1].local_port and not p[1].protocol.is_http),
        by_namespace={namespace: tuple(of) for namespace, of in by_namespace.items()},
    )


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The virtual hosts of `Places.http` as clients of any other namespace see them; None where that
    depends on the client, whose indices are `apart`."""

    hosts: tuple[VirtualHost | None, ...]
    apart: tuple[int, ...]


def seen_from_elsewhere(
    memo: Memo, slot: Scope, group: Scope, where: Places, known: Reachable, routes: MeshRoutes
) -> Elsewhere:
    anybody = memo.same(("client", "", ()), ANYBODY)

    def host(place: Place, service: VirtualService | None) -> VirtualHost | None:
        if not alike_for_all(memo, service):
            return None
        return shared_host(memo, group, place, service, anybody, known)

    followed = [routes.first(upstream.host) for upstream, _ in where.http]
    hosts = memo.each(("hosts elsewhere", slot), host, (where.http, followed), known, group)
    return Elsewhere(hosts=hosts, apart=tuple(i for i, one in enumerate(hosts) if one is None))


def alike_for_all(memo: Memo, service: VirtualService | None) -> bool:
    """Whether all clients follow this VirtualService, and alike."""
    if service is None:
        return True
    asked = memo(("asks", service.metadata.key), asks, service)
    return service.metadata.for_all and not asked.labels and not asked.namespace


def shared_host(
    memo: Memo,
    group: Scope,
    place: Place,
    service: VirtualService | None,
    seen: Client,
    known: Reachable,
) -> VirtualHost:
    upstream, port = place
    slot = ("virtual host", upstream.host, port.number, group, seen.namespace, seen.labels)
    return memo(slot, virtual_host, upstream, port, service, seen, known)


def virtual_hosts(
    memo: Memo, client: Client, view: View, routes: MeshRoutes
) -> tuple[VirtualHost, ...]:
    """Registered hosts first; they keep their domains when a VirtualService invents one."""
    where = memo(("places", view.group), places, view.known)
    # a Sidecar shows routes of its own
    slot = view.group if view.sidecar is None else view.scope
    elsewhere = memo(
        ("elsewhere", slot), seen_from_elsewhere, memo, slot, view.group, where, view.known, routes
    )
    mine = (view.scope, client.labels)
    near = memo(
        ("near", mine), nearby, elsewhere.apart, where.by_namespace.get(client.namespace, ())
    )
    registered = memo(
        ("registered hosts", mine),
        with_nearby,
        elsewhere,
        near,
        hosts_nearby(memo, client, view, routes, [where.http[index] for index in near]),
    )
    invented = memo(("invented", slot), unregistered_hosts, routes, view.known)
    if not invented:
        return registered
    return memo.group(
        ("virtual hosts", mine), (*registered, *hosts_invented(memo, client, view, invented))
    )


def nearby(apart: tuple[int, ...], own: tuple[int, ...]) -> tuple[int, ...]:
    """The indices of hosts that a namespace does not see as any other one does."""
    return tuple(sorted({*apart, *own}))


def hosts_nearby(
    memo: Memo, client: Client, view: View, routes: MeshRoutes, near: list[Place]
) -> tuple[VirtualHost, ...]:
    def host(place: Place, service: VirtualService | None) -> VirtualHost:
        seen = seen_as(memo, client, place[0], service)
        return shared_host(memo, view.group, place, service, seen, view.known)

    followed = [routes.find(upstream.host, client.namespace) for upstream, _ in near]
    slot = ("hosts nearby", view.scope, client.labels)
    return memo.each(slot, host, (near, followed), client, view.known, view.group)


def with_nearby(
    elsewhere: Elsewhere, near: tuple[int, ...], hosts: tuple[VirtualHost, ...]
) -> tuple[VirtualHost, ...]:
    made = list(elsewhere.hosts)
    for index, host in zip(near, hosts, strict=True):
        made[index] = host
    return tuple(host for host in made if host is not None)


def hosts_invented(
    memo: Memo, client: Client, view: View, invented: Iterable[tuple[str, VirtualService]]
) -> Iterator[VirtualHost]:
    for host, service in invented:
        if service.metadata.visible_to(client.namespace):
            slot = ("invented host", host, service.metadata.key, client.namespace)
            yield memo((slot, client.labels), unregistered_host, host, service, client, view.known)


def tcp_plans(memo: Memo, client: Client, view: View, routes: MeshRoutes) -> tuple[TcpPlan, ...]:
    def plan(place: Place, service: VirtualService | None) -> TcpPlan:
        upstream, port = place
        seen = seen_as(memo, client, upstream, service)
        slot = ("tcp plan", upstream.host, port.number, view.group)
        return memo(
            (slot, seen.namespace, seen.labels),
            tcp_plan,
            upstream,
            port,
            service,
            seen,
            view.known,
        )

    every = memo(("places", view.group), places, view.known).tcp
    followed = [routes.find(upstream.host, client.namespace) for upstream, _ in every]
    slot = ("tcp plans", view.scope, client.labels)
    return memo.each(slot, plan, (every, followed), client, view.known, view.group)


def seen_as(
    memo: Memo, client: Client, upstream: Upstream, service: VirtualService | None
) -> Client:
    """The client with only what matters to this host, so that others share the result."""
    labels: Labels = ()
    namespace = client.namespace if client.namespace == upstream.namespace else ""
    if service is not None:
        asked = memo(("asks", service.metadata.key), asks, service)
        labels = tuple(pair for pair in client.labels if pair in asked.labels)
        namespace = client.namespace if asked.namespace else namespace
    return memo.same(("client", namespace, labels), Client(namespace=namespace, labels=labels))
