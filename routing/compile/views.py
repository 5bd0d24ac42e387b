"""What all proxies of one namespace share: clusters, endpoints and what can be reached."""

from collections.abc import Mapping
from dataclasses import dataclass

from routing.compile.clusters import BLACKHOLE, HostClusters, clusters_of
from routing.compile.inputs import Pods, Selection
from routing.compile.memo import Memo
from routing.compile.rules import Rules, rules_for
from routing.compile.upstreams import Upstream
from routing.compile.weights import Reachable, reachable
from routing.ir import Cluster, ClusterEndpoints, HashPolicy

Reach = tuple[frozenset[str], frozenset[str], tuple[tuple[str, HashPolicy], ...]]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """`group` is the first namespace that can reach exactly the same."""

    clusters: tuple[Cluster, ...]
    endpoints: tuple[ClusterEndpoints, ...]
    known: Reachable
    group: str


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    upstreams: tuple[Upstream, ...]
    clusters: tuple[Cluster, ...]
    endpoints: tuple[ClusterEndpoints, ...]
    known: Reachable


def shared_views(
    memo: Memo, chosen: Selection, rules: Rules, every_pod: Pods
) -> Mapping[str, View]:
    """One view per namespace with proxies; namespaces that reach the same share `known`."""
    groups: dict[Reach, str] = {}
    views: dict[str, View] = {}
    for namespace, index in every_pod.namespaces.items():
        if not any(v.pod.sidecar or v.pod.gateway for v in index.pods):
            views[namespace] = View((), (), reachable((), frozenset(), ()), namespace)
            continue
        parts = parts_of(memo, namespace, chosen, rules)
        known = parts.known
        reach = (known.clusters, frozenset(known.upstreams), tuple(known.hashing.items()))
        group = groups.setdefault(reach, namespace)
        known = known if group == namespace else views[group].known
        views[namespace] = View(parts.clusters, parts.endpoints, known, group)
    return views


def parts_of(memo: Memo, namespace: str, chosen: Selection, rules: Rules) -> Parts:
    upstreams = memo.group(
        ("upstreams", namespace),
        (u for u in chosen.upstreams.values() if visible_to(u, namespace)),
    )
    hosts = memo.group(
        ("host clusters", namespace),
        (host_clusters(memo, u, chosen, rules, namespace) for u in upstreams),
    )
    names = memo(("cluster names", namespace), cluster_names, hosts)
    hashing = memo(("hashing", namespace), hash_policies, hosts)
    return Parts(
        upstreams,
        memo(("clusters of", namespace), all_clusters, hosts),
        memo(("endpoints of", namespace), all_endpoints, hosts),
        memo(("reachable", namespace), reachable, upstreams, names, hashing),
    )


def host_clusters(
    memo: Memo, upstream: Upstream, chosen: Selection, rules: Rules, namespace: str
) -> HostClusters:
    """Made once for all namespaces that follow the same rules."""
    host = upstream.host
    found = rules_for(rules, namespace, host, upstream.namespace)
    slot = (host, tuple(rule.metadata.key for rule in found))
    return memo(
        ("clusters", slot),
        shared_clusters,
        memo,
        upstream,
        memo.group(("rules", slot), found),
        chosen.pods[host],
        chosen.sans[host],
    )


def shared_clusters(memo: Memo, upstream, rules, pods, sans) -> HostClusters:  # type: ignore[no-untyped-def]
    """Clusters and endpoints that stay the same objects one by one."""
    made = clusters_of(upstream, rules, pods, sans)
    slot = (upstream.host, tuple(rule.metadata.key for rule in rules))
    return HostClusters(
        clusters=tuple(memo.same(("cluster", slot, c.name), c) for c in made.clusters),
        endpoints=tuple(memo.same(("endpoints", slot, e.cluster), e) for e in made.endpoints),
    )


def visible_to(upstream: Upstream, namespace: str) -> bool:
    return upstream.entry is None or upstream.entry.metadata.visible_to(namespace)


def cluster_names(hosts: tuple[HostClusters, ...]) -> frozenset[str]:
    return frozenset(cluster.name for host in hosts for cluster in host.clusters)


def hash_policies(hosts: tuple[HostClusters, ...]) -> tuple[tuple[str, HashPolicy], ...]:
    """By the name of the cluster with the ring."""
    return tuple(
        (cluster.name, cluster.consistent_hash.policy)
        for host in hosts
        for cluster in host.clusters
        if cluster.consistent_hash is not None
    )


def all_clusters(hosts: tuple[HostClusters, ...]) -> tuple[Cluster, ...]:
    return (BLACKHOLE, *(cluster for host in hosts for cluster in host.clusters))


def all_endpoints(hosts: tuple[HostClusters, ...]) -> tuple[ClusterEndpoints, ...]:
    return tuple(endpoints for host in hosts for endpoints in host.endpoints)
