"""What sidecars with the same namespace and relevant labels share: routes and TCP ports."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from routing.compile.clusters import ANYWHERE, BLACKHOLE
from routing.compile.http_routes import Client
from routing.compile.memo import Memo
from routing.compile.outbound import (
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
from routing.compile.upstreams import Upstream
from routing.compile.views import View
from routing.compile.virtual_services import MeshRoutes, asks, shown
from routing.compile.weights import resolve
from routing.ir import RouteConfig, VirtualHost
from routing.model import Sidecar, VirtualService
from routing.model.sidecar import names
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """`ports` are those that a Sidecar opens beside the egress port, `tables` their routes."""

    routes: RouteConfig
    tcp: tuple[TcpPlan, ...]
    ports: tuple[HttpPort, ...] = ()
    tables: tuple[RouteConfig, ...] = ()


def outward(memo: Memo, client: Client, view: View, routes: MeshRoutes) -> Outward:
    slot = (view.scope, client.labels)
    if view.sidecar is not None:
        routes = memo(("shown", view.scope), shown, routes, view.sidecar)
    hosts = memo.group(("virtual hosts", slot), virtual_hosts(memo, client, view, routes))
    plans = memo.group(("tcp plans", slot), tcp_plans(memo, client, view, routes))
    sidecar = view.sidecar
    if sidecar is None:
        main = memo(("route config", slot), route_config, hosts)
        return Outward(routes=main, tcp=plans)
    if sidecar.allow_any:
        others = allow_any(beyond(sidecar, view))
        main = memo(
            ("open route config", slot), with_others, hosts, memo.same(("others", slot), others)
        )
    else:
        main = memo(("route config", slot), route_config, hosts)
    ports, tables, more = own_listeners(memo, Looking(client, view, routes), sidecar, hosts, plans)
    return Outward(
        routes=main,
        tcp=memo.group(("all tcp plans", slot), (*plans, *more)),
        ports=memo.same(("http ports", slot), ports),
        tables=memo.group(("tables", slot), tables),
    )


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


def virtual_hosts(
    memo: Memo, client: Client, view: View, routes: MeshRoutes
) -> Iterator[VirtualHost]:
    """Registered hosts first; they keep their domains when a VirtualService invents one."""
    for upstream in view.known.upstreams.values():
        service = routes.find(upstream.host, client.namespace)
        seen = seen_as(memo, client, upstream, service)
        for port in upstream.ports:
            if has_virtual_host(upstream, port, view.known):
                slot = ("virtual host", upstream.host, port.number, view.group)
                yield memo(
                    (slot, seen.namespace, seen.labels),
                    virtual_host,
                    upstream,
                    port,
                    service,
                    seen,
                    view.known,
                )
    for host, service in unregistered_hosts(routes, view.known):
        if service.metadata.visible_to(client.namespace):
            invented = ("invented host", host, service.metadata.key, client.namespace)
            whole = memo.same(("client", client.namespace, client.labels), client)
            yield memo(
                (invented, client.labels), unregistered_host, host, service, whole, view.known
            )


def tcp_plans(memo: Memo, client: Client, view: View, routes: MeshRoutes) -> Iterator[TcpPlan]:
    for upstream in view.known.upstreams.values():
        for port in upstream.ports:
            if port.local_port and not port.protocol.is_http:
                service = routes.find(upstream.host, client.namespace)
                seen = seen_as(memo, client, upstream, service)
                slot = ("tcp plan", upstream.host, port.number, view.group)
                yield memo(
                    (slot, seen.namespace, seen.labels),
                    tcp_plan,
                    upstream,
                    port,
                    service,
                    seen,
                    view.known,
                )


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
