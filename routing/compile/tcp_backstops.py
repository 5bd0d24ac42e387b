"""Another service takes the connections of one that has nobody for them (Fallback, of bytes)."""

from collections.abc import Iterable
from dataclasses import replace

from routing.compile.outbound import TcpPlan
from routing.ir import (
    Backstop,
    Cluster,
    ClusterEndpoints,
    ClusterKind,
    GatewayListener,
    GatewayServer,
    TcpRoute,
    WeightedCluster,
)

Taken = dict[str, Backstop]
"""By the cluster whose connections another one takes."""


def is_taken_over(cluster: Cluster) -> bool:
    """Envoy would let connections above a limit wait for the first cluster, and say nothing."""
    return not cluster.protocol.is_http and cluster.limits.max_connections is None


def in_turn(first: Cluster, backstop: Backstop) -> Cluster:
    return Cluster(
        name=backstop.through,
        kind=ClusterKind.AGGREGATE,
        protocol=first.protocol,
        service_namespace=first.service_namespace,
        service_name=first.service_name,
        subset=first.subset,
        members=(first.name, backstop.target),
        origin=backstop.origin,
    )


def to_the_last(clusters: Iterable[Cluster], taken: Taken) -> tuple[Cluster, ...]:
    return tuple(replace(c, to_the_last=True) if c.name in taken else c for c in clusters)


def assigned_to_the_last(
    endpoints: Iterable[ClusterEndpoints], taken: Taken
) -> tuple[ClusterEndpoints, ...]:
    return tuple(replace(e, to_the_last=True) if e.cluster in taken else e for e in endpoints)


def caught_plan(plan: TcpPlan, taken: Taken) -> TcpPlan:
    return replace(
        plan,
        clusters=caught_shares(plan.clusters, taken),
        routes=tuple(caught_tcp_route(route, taken) for route in plan.routes),
    )


def caught_tcp_route(route: TcpRoute, taken: Taken) -> TcpRoute:
    return replace(route, clusters=caught_shares(route.clusters, taken))


def caught_listener(listener: GatewayListener, taken: Taken) -> GatewayListener:
    return replace(listener, servers=tuple(caught_server(one, taken) for one in listener.servers))


def caught_server(server: GatewayServer, taken: Taken) -> GatewayServer:
    return replace(server, tcp_clusters=caught_shares(server.tcp_clusters, taken))


def caught_shares(shares: tuple[WeightedCluster, ...], taken: Taken) -> tuple[WeightedCluster, ...]:
    return tuple(
        replace(share, backstop=taken[share.cluster]) if share.cluster in taken else share
        for share in shares
    )
