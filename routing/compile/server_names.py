"""Connections of the mesh's own TLS, passed on by the server name that says where they go.

A client that reaches the mesh only through a gateway asks for `outbound_.<port>_.<subset>_.<host>`;
the gateway passes its bytes on to endpoints that take mutual TLS, and opens nothing (AUTO_PASSTHROUGH).
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

from routing.compile.upstreams import Upstream
from routing.ir import Cluster, ClusterEndpoints
from topology.contracts import AppProtocol


def server_name(port: int | str, subset: str, host: str) -> str:
    return f"outbound_.{port}_.{subset}_.{host}"


def of_cluster(name: str) -> str:
    """The server name that means a cluster; "" for what is no host's."""
    words = name.split("|", 3)
    if len(words) < 4 or words[0] != "outbound":
        return ""
    return server_name(words[1], words[2], words[3])


def by_server_name(hosts: Iterable[Upstream], clusters: Iterable[str]) -> Iterator[str]:
    """The server names of the clusters there are of these hosts in the mesh, sorted."""
    known = {u.host for u in hosts if u.entry is None or u.entry.internal}
    yield from sorted(of_cluster(name) for name in clusters if name.split("|", 3)[-1] in known)


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """What stands behind server names: clusters that open no TLS, and their endpoints."""

    clusters: tuple[Cluster, ...] = ()
    endpoints: tuple[ClusterEndpoints, ...] = ()


def passed_on(
    names: Container[str],
    clusters: tuple[Cluster, ...],
    endpoints: tuple[ClusterEndpoints, ...],
) -> Passed:
    """Only endpoints that take the mesh's mutual TLS are there: others would not understand it."""
    return Passed(
        tuple(plain(c) for c in clusters if of_cluster(c.name) in names),
        tuple(
            ClusterEndpoints(
                cluster=of_cluster(one.cluster),
                endpoints=tuple(e for e in one.endpoints if e.mtls),
            )
            for one in endpoints
            if of_cluster(one.cluster) in names
        ),
    )


def plain(cluster: Cluster) -> Cluster:
    return replace(
        cluster,
        name=of_cluster(cluster.name),
        protocol=AppProtocol.TCP,
        endpoints=tuple(e for e in cluster.endpoints if e.mtls),
        tls=None,
        tunnel=None,
        consistent_hash=None,
        proxy_protocol=None,
    )
