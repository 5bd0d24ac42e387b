"""What sidecars with the same namespace and relevant labels share: routes and TCP ports."""

from collections.abc import Iterator
from dataclasses import dataclass

from routing.compile.http_routes import Client
from routing.compile.memo import Memo
from routing.compile.outbound import (
    TcpPlan,
    has_virtual_host,
    open_route_config,
    route_config,
    tcp_plan,
    unregistered_host,
    unregistered_hosts,
    virtual_host,
)
from routing.compile.upstreams import Upstream
from routing.compile.views import View
from routing.compile.virtual_services import MeshRoutes, asks, shown
from routing.ir import RouteConfig, VirtualHost
from routing.model import VirtualService
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    routes: RouteConfig
    tcp: tuple[TcpPlan, ...]


def outward(memo: Memo, client: Client, view: View, routes: MeshRoutes) -> Outward:
    slot = (view.scope, client.labels)
    if view.sidecar is not None:
        routes = memo(("shown", view.scope), shown, routes, view.sidecar)
    hosts = memo.group(("virtual hosts", slot), virtual_hosts(memo, client, view, routes))
    plans = memo.group(("tcp plans", slot), tcp_plans(memo, client, view, routes))
    allow_any = view.sidecar is not None and view.sidecar.allow_any
    others = open_route_config if allow_any else route_config
    return Outward(routes=memo(("route config", slot), others, hosts), tcp=plans)


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
