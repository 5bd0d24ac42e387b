"""Destinations with weights become clusters whose weights sum to 100."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.compile.clusters import BLACKHOLE, cluster_name
from routing.compile.upstreams import Upstream
from routing.ir import HashPolicy, Tunnel, WeightedCluster
from routing.model.hosts import covers, full_host, specificity
from routing.model.virtual_service import Destination, WeightedDestination


@dataclass(frozen=True, slots=True, eq=False)
class Reachable:
    """What the proxies of a namespace can send to: hosts, and the clusters they have."""

    upstreams: Mapping[str, Upstream]
    wildcards: tuple[str, ...]
    clusters: frozenset[str]
    hashing: Mapping[str, HashPolicy]
    tunnels: Mapping[str, Tunnel] = field(default_factory=dict)

    def tunnel_of(self, clusters: tuple[WeightedCluster, ...]) -> Tunnel | None:
        """The tunnel to these clusters; the first decides, for a connection's proxy has one."""
        return next((self.tunnels[c.cluster] for c in clusters if c.cluster in self.tunnels), None)

    def hashing_of(self, clusters: tuple[WeightedCluster, ...]) -> tuple[HashPolicy, ...]:
        """What decides between the endpoints of these clusters, each policy once."""
        if not self.hashing:
            return ()
        found = (self.hashing.get(share.cluster) for share in clusters)
        return tuple(dict.fromkeys(policy for policy in found if policy is not None))

    def upstream(self, host: str) -> Upstream | None:
        """The upstream of a full host name, by a wildcard if need be."""
        found = self.upstreams.get(host)
        if found is None:
            pattern = next((w for w in self.wildcards if covers(w, host)), None)
            found = self.upstreams[pattern] if pattern else None
        return found


def reachable(
    upstreams: tuple[Upstream, ...],
    clusters: frozenset[str],
    hashing: tuple[tuple[str, HashPolicy], ...],
    tunnels: tuple[tuple[str, Tunnel], ...] = (),
) -> Reachable:
    wildcards = sorted((u.host for u in upstreams if u.wildcard), key=specificity)
    return Reachable(
        {u.host: u for u in upstreams}, tuple(wildcards), clusters, dict(hashing), dict(tunnels)
    )


def resolve(
    destination: Destination, namespace: str, request_port: int, known: Reachable
) -> str | None:
    """The cluster a destination means in a resource of `namespace`; None if there is none."""
    upstream = known.upstream(full_host(destination.host, namespace))
    if upstream is None:
        return None
    port = destination.port
    if port is None:
        port = upstream.ports[0].number if len(upstream.ports) == 1 else request_port
    name = cluster_name(port, destination.subset, upstream.host)
    return name if name in known.clusters else None


def weighted_clusters(
    route: tuple[WeightedDestination, ...], namespace: str, request_port: int, known: Reachable
) -> tuple[WeightedCluster, ...]:
    """Shares of what does not exist go to the black hole; empty if nothing exists."""
    names = [resolve(d.destination, namespace, request_port, known) for d in route]
    if not any(names):
        return ()
    given = [d.weight or 0 for d in route] if len(route) > 1 else [100]
    return tuple(
        WeightedCluster(
            cluster=name or BLACKHOLE.name,
            weight=weight,
            request_headers=d.request_headers,
            response_headers=d.response_headers,
        )
        for d, name, weight in zip(route, names, to_hundred(given), strict=True)
    )


def to_hundred(weights: list[int]) -> list[int]:
    """Scaled to sum to 100, the largest remainders rounded up; all zero shares evenly."""
    total = sum(weights)
    if total == 100:
        return weights
    if total == 0:
        weights, total = [1] * len(weights), len(weights)
    scaled = [w * 100 // total for w in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(weights[i] * 100 % total), i))
    for i in remainders[: 100 - sum(scaled)]:
        scaled[i] += 1
    return scaled
