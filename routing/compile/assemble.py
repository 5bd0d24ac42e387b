"""Puts one proxy's configuration together."""

from typing import TypeVar

from routing.compile.gateways import GatewayPlan
from routing.compile.inbound import Inbound
from routing.compile.outbound import ROUTE_CONFIG
from routing.ir import (
    Cluster,
    ClusterEndpoints,
    GatewayListener,
    OutboundHttpListener,
    OutboundTcpListener,
    Proxy,
    ProxyConfig,
    RouteConfig,
)
from topology.contracts import Pod

EGRESS_PORT = 15001
Part = TypeVar("Part")


def proxy_of(pod: Pod) -> Proxy:
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
    )


def assemble_sidecar(
    pod: Pod,
    own: Inbound,
    tcp: tuple[OutboundTcpListener, ...],
    routes: tuple[RouteConfig, ...],
    clusters: tuple[Cluster, ...],
    endpoints: tuple[ClusterEndpoints, ...],
) -> ProxyConfig:
    return ProxyConfig(
        proxy=proxy_of(pod),
        inbound=own.listeners,
        outbound_http=OutboundHttpListener(
            address=pod.outbound_address, port=EGRESS_PORT, route_config=ROUTE_CONFIG
        ),
        outbound_tcp=tcp,
        routes=routes,
        clusters=clusters,
        endpoints=endpoints,
    )


def assemble_gateway(
    pod: Pod,
    listeners: tuple[GatewayListener, ...],
    plan: GatewayPlan,
    clusters: tuple[Cluster, ...],
    endpoints: tuple[ClusterEndpoints, ...],
) -> ProxyConfig:
    return ProxyConfig(
        proxy=proxy_of(pod),
        gateways=listeners,
        routes=plan.routes,
        clusters=clusters,
        endpoints=endpoints,
        secrets=plan.secrets,
    )


def joined(shared: tuple[Part, ...], own: tuple[Part, ...]) -> tuple[Part, ...]:
    return (*shared, *own)
