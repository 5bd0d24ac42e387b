"""Puts one proxy's configuration together."""

from dataclasses import dataclass
from typing import TypeVar

from routing.compile.gateways import GatewayPlan
from routing.compile.inbound import Inbound
from routing.compile.outbound import ROUTE_CONFIG, TcpPlan, tcp_listeners
from routing.ir import (
    Cluster,
    ClusterEndpoints,
    GatewayListener,
    GatewaySecret,
    OutboundHttpListener,
    OutboundTcpListener,
    Proxy,
    ProxyConfig,
    ProxyTelemetry,
    RouteConfig,
)
from topology.contracts import Pod

EGRESS_PORT = 15001
Part = TypeVar("Part")


def proxy_of(pod: Pod, telemetry: ProxyTelemetry) -> Proxy:
    return Proxy(
        id=pod.proxy_id,
        namespace=pod.namespace,
        pod=pod.name,
        workload=pod.workload,
        app=pod.app,
        version=pod.version,
        labels=pod.labels,
        service_account=pod.service_account,
        address=pod.address,
        app_address=pod.app_address,
        outbound_address=pod.outbound_address,
        gateway=pod.gateway,
        telemetry=telemetry,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """A sidecar's configuration but for its outbound routes, which change most often."""

    proxy: Proxy
    own: Inbound
    http: OutboundHttpListener
    tcp: tuple[OutboundTcpListener, ...]
    clusters: tuple[Cluster, ...]
    endpoints: tuple[ClusterEndpoints, ...]
    secrets: tuple[GatewaySecret, ...]
    http_ports: tuple[OutboundHttpListener, ...] = ()
    tables: tuple[RouteConfig, ...] = ()


def sidecar(
    pod: Pod,
    own: Inbound,
    plans: tuple[TcpPlan, ...],
    clusters: tuple[Cluster, ...],
    endpoints: tuple[ClusterEndpoints, ...],
    telemetry: ProxyTelemetry,
    secrets: tuple[GatewaySecret, ...],
) -> Sidecar:
    return Sidecar(
        proxy=proxy_of(pod, telemetry),
        own=own,
        http=OutboundHttpListener(
            address=pod.outbound_address, port=EGRESS_PORT, route_config=ROUTE_CONFIG
        ),
        tcp=tcp_listeners(pod, plans),
        clusters=clusters,
        endpoints=endpoints,
        secrets=tuple(dict.fromkeys((*secrets, *own.secrets))) if own.secrets else secrets,
    )


def assemble_sidecar(given: Sidecar, routes: RouteConfig) -> ProxyConfig:
    return ProxyConfig(
        proxy=given.proxy,
        inbound=given.own.listeners,
        outbound_http=given.http,
        outbound_tcp=given.tcp,
        routes=(routes, *given.tables, *given.own.routes),
        clusters=given.clusters,
        endpoints=given.endpoints,
        secrets=given.secrets,
        outbound_more=given.http_ports,
    )


def assemble_gateway(
    pod: Pod,
    listeners: tuple[GatewayListener, ...],
    plan: GatewayPlan,
    clusters: tuple[Cluster, ...],
    endpoints: tuple[ClusterEndpoints, ...],
    telemetry: ProxyTelemetry,
    secrets: tuple[GatewaySecret, ...],
) -> ProxyConfig:
    return ProxyConfig(
        proxy=proxy_of(pod, telemetry),
        gateways=listeners,
        routes=plan.routes,
        clusters=clusters,
        endpoints=endpoints,
        secrets=tuple(dict.fromkeys((*plan.secrets, *secrets))),
    )


def joined(shared: tuple[Part, ...], own: tuple[Part, ...]) -> tuple[Part, ...]:
    return (*shared, *own)
