"""What all proxies of one namespace share: clusters, endpoints and what can be reached."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from routing.compile.clusters import ANYWHERE, BLACKHOLE, HostClusters, clusters_of
from routing.compile.inputs import Pods, Selection
from routing.compile.localities import ANYWHERE as UNPLACED
from routing.compile.localities import Standpoint, asked
from routing.compile.memo import Memo
from routing.compile.mtls import PodView
from routing.compile.rules import Rules, rules_for, rules_for_most
from routing.compile.scopes import Scope, Scopes
from routing.compile.secrets import used_by
from routing.compile.upstreams import Upstream
from routing.compile.virtual_services import MeshRoutes, shown
from routing.compile.weights import Reachable, reachable
from routing.ir import Cluster, ClusterEndpoints, GatewaySecret, HashPolicy, Tunnel
from routing.model import DestinationRule, Sidecar, VirtualService
from routing.model.destination_rule import names_credential
from routing.model.hosts import full_host
from routing.model.service_entry import EntryEndpoint

NO_ENTRIES: tuple[EntryEndpoint, ...] = ()
Reach = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """`group` is the first scope that can reach exactly the same."""

    clusters: tuple[Cluster, ...]
    endpoints: tuple[ClusterEndpoints, ...]
    known: Reachable
    group: Scope
    scope: Scope
    sidecar: Sidecar | None
    secrets: tuple[GatewaySecret, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    upstreams: tuple[Upstream, ...]
    clusters: tuple[Cluster, ...]
    endpoints: tuple[ClusterEndpoints, ...]
    known: Reachable


def shared_views(
    memo: Memo,
    chosen: Selection,
    rules: Rules,
    every_pod: Pods,
    scopes: Scopes,
    routes: MeshRoutes | None,
    secrets: tuple[GatewaySecret, ...] = (),
) -> Mapping[Scope, View]:
    """One view per scope that has proxies; scopes that reach the same share `known`.

    `routes` is given where Sidecars are: what a visible VirtualService leads to is visible too.
    """
    groups: dict[Reach, Scope] = {}
    views: dict[Scope, View] = {}
    for index in every_pod.namespaces.values():
        proxies = (v for v in index.pods if v.pod.sidecar or v.pod.gateway)
        for scope in dict.fromkeys(scopes.of(v) for v in proxies):
            sidecar = scopes.sidecars[scope.sidecar] if scope.sidecar else None
            own = tuple(s for s in secrets if s.namespace == scope.namespace)
            own = memo.same(("secrets of", scope.namespace), own)
            parts = parts_of(memo, scope, sidecar, chosen, rules, routes, own)
            known = parts.known
            reach = (
                known.clusters,
                frozenset(u.key for u in known.upstreams.values()),
                tuple(known.hashing.items()),
                tuple(known.tunnels.items()),
            )
            group = groups.setdefault(reach, scope)
            known = known if group == scope else views[group].known
            used = memo(("secrets for", scope), used_by, parts.clusters, own)
            views[scope] = View(parts.clusters, parts.endpoints, known, group, scope, sidecar, used)
    return views


def parts_of(
    memo: Memo,
    scope: Scope,
    sidecar: Sidecar | None,
    chosen: Selection,
    rules: Rules,
    routes: MeshRoutes | None,
    secrets: tuple[GatewaySecret, ...],
) -> Parts:
    namespace = scope.namespace
    visible = seen_by(chosen, namespace)
    if sidecar is not None and routes is not None:
        led_to = destinations(routes, sidecar, namespace)
        visible = (u for u in visible if u.host in led_to or sidecar.shows(u.namespace, u.host))
    upstreams = memo.group(("upstreams", scope), visible)
    seen = memo(
        ("clusters for most", scope.standpoint),
        clusters_for_most,
        memo,
        chosen,
        rules,
        memo.same(("standpoint", scope.standpoint), scope.standpoint),
    )
    hosts = memo.group(
        ("host clusters", scope),
        (
            (None if rules.of_its_own(namespace, u.host) else seen.get(u.key))
            or host_clusters(memo, u, chosen, rules, scope, secrets)
            for u in upstreams
        ),
    )
    names = memo(("cluster names", scope), cluster_names, hosts)
    hashing = memo(("hashing", scope), hash_policies, hosts)
    tunnels = memo(("tunnels", scope), tunnels_of, hosts)
    return Parts(
        upstreams,
        memo(
            ("clusters of", scope),
            all_clusters_and_any if sidecar is not None and sidecar.allow_any else all_clusters,
            hosts,
        ),
        memo(("endpoints of", scope), all_endpoints, hosts),
        memo(("reachable", scope), reachable, upstreams, names, hashing, tunnels),
    )


def clusters_for_most(
    memo: Memo, chosen: Selection, rules: Rules, standpoint: Standpoint
) -> Mapping[str, HostClusters]:
    """By `Upstream.key`: what clients see who have no rules of their own for a host; without those
    hosts that show every client something else."""
    made: dict[str, HostClusters] = {}
    for upstream in chosen.upstreams.values():
        found = rules_for_most(rules, upstream.host, upstream.namespace)
        if found is not None and not any(names_credential(rule) for rule in found):
            made[upstream.key] = clusters_under(memo, upstream, chosen, found, standpoint, None)
    return made


def host_clusters(
    memo: Memo,
    upstream: Upstream,
    chosen: Selection,
    rules: Rules,
    scope: Scope,
    secrets: tuple[GatewaySecret, ...],
) -> HostClusters:
    found = rules_for(rules, scope.namespace, upstream.host, upstream.namespace, scope.rules)
    credentials = Credentials(scope.namespace, secrets) if may_use_secrets(found, scope) else None
    return clusters_under(memo, upstream, chosen, found, scope.standpoint, credentials)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The Secrets that clients of a namespace may use."""

    namespace: str
    secrets: tuple[GatewaySecret, ...]


def clusters_under(
    memo: Memo,
    upstream: Upstream,
    chosen: Selection,
    found: tuple[DestinationRule, ...],
    standpoint: Standpoint,
    credentials: Credentials | None,
) -> HostClusters:
    """Made once for all namespaces that follow the same rules."""
    host = upstream.key
    standpoint = standpoint if asked(found).place else UNPLACED
    of = credentials.namespace if credentials is not None else ""
    secrets = credentials.secrets if credentials is not None else None
    slot = (host, tuple(rule.metadata.key for rule in found), standpoint, of)
    return memo(
        ("clusters", slot),
        shared_clusters,
        memo,
        upstream,
        memo.group(("rules", slot), found),
        chosen.pods[host],
        chosen.sans[host],
        chosen.entries.get(host, NO_ENTRIES),
        memo.same(("viewpoint", slot), Viewpoint(slot, standpoint, secrets)),
    )


def may_use_secrets(rules: tuple[DestinationRule, ...], scope: Scope) -> bool:
    """Gateways, and clients that a rule selects, may take a rule's certificate from a Secret."""
    return any(names_credential(rule) and (scope.edge or rule.selector) for rule in rules)


def seen_by(chosen: Selection, namespace: str) -> Iterator[Upstream]:
    """Every host that is exported to a namespace; of one host that several declare, the first."""
    known: set[str] = set()
    for upstream in chosen.upstreams.values():
        if upstream.host not in known and visible_to(upstream, namespace):
            known.add(upstream.host)
            yield upstream


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Who looks at a host: all who share `slot` see it alike."""

    slot: Hashable
    standpoint: Standpoint
    secrets: tuple[GatewaySecret, ...] | None


def shared_clusters(
    memo: Memo,
    upstream: Upstream,
    rules: tuple[DestinationRule, ...],
    pods: tuple[PodView, ...],
    sans: tuple[str, ...],
    entries: tuple[EntryEndpoint, ...],
    seen: Viewpoint,
) -> HostClusters:
    """Clusters and endpoints that stay the same objects one by one."""
    made = clusters_of(upstream, rules, pods, sans, entries, seen.standpoint, seen.secrets)
    slot = seen.slot
    return HostClusters(
        clusters=tuple(memo.same(("cluster", slot, c.name), c) for c in made.clusters),
        endpoints=tuple(memo.same(("endpoints", slot, e.cluster), e) for e in made.endpoints),
    )


def destinations(routes: MeshRoutes, sidecar: Sidecar, namespace: str) -> frozenset[str]:
    """The hosts to which the VirtualServices that a Sidecar shows lead."""
    found = shown(routes, sidecar)
    services = [s for of in found.exact.values() for s in of]
    services += [s for _, s in found.wildcard]
    return frozenset(
        host
        for service in services
        if service.metadata.visible_to(namespace)
        for host in leads_to(service)
    )


def leads_to(service: VirtualService) -> Iterator[str]:
    for http in service.http:
        home = (http.home or service.metadata.key).namespace
        ways = [d.destination for d in http.route] + [m.destination for m in http.mirrors]
        yield from (full_host(way.host, home) for way in ways)
    for route in (*service.tcp, *service.tls):
        for way in route.route:
            yield full_host(way.destination.host, service.metadata.key.namespace)


def visible_to(upstream: Upstream, namespace: str) -> bool:
    if upstream.entry is not None:
        return upstream.entry.metadata.visible_to(namespace)
    exported = upstream.service.export_to if upstream.service is not None else ()
    return not exported or "*" in exported or namespace in exported


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


def tunnels_of(hosts: tuple[HostClusters, ...]) -> tuple[tuple[str, Tunnel], ...]:
    return tuple(
        (cluster.name, cluster.tunnel)
        for host in hosts
        for cluster in host.clusters
        if cluster.tunnel is not None
    )


def all_clusters(hosts: tuple[HostClusters, ...]) -> tuple[Cluster, ...]:
    return (BLACKHOLE, *(cluster for host in hosts for cluster in host.clusters))


def all_clusters_and_any(hosts: tuple[HostClusters, ...]) -> tuple[Cluster, ...]:
    return (*all_clusters(hosts), ANYWHERE)


def all_endpoints(hosts: tuple[HostClusters, ...]) -> tuple[ClusterEndpoints, ...]:
    return tuple(endpoints for host in hosts for endpoints in host.endpoints)
