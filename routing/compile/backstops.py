"""What answers where a cluster cannot, and who is out of traffic (Fallback, Suspend)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from routing.compile.clusters import cluster_name
from routing.compile.inputs import Selection
from routing.compile.tcp_backstops import Taken, caught_shares, in_turn, is_taken_over
from routing.compile.weights import Reachable
from routing.ir import (
    Answer,
    Backstop,
    Cluster,
    ClusterKind,
    Origin,
    Route,
    RouteConfig,
    VirtualHost,
    WeightedCluster,
)
from routing.model import Fallback, Suspend
from routing.model.hosts import full_host
from topology.contracts import AppProtocol, Registry

TRIES = 17
"""How often the first cluster is tried before a failed request's next try goes to the fallback: the
retries of a route come on top of its first try, and more than 16 are nobody's wish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A backstop and the routes it is for (none: all)."""

    backstop: Backstop
    routes: tuple[str, ...] = ()

    def holds(self, route: str) -> bool:
        return not self.routes or any(route == n or route.startswith(f"{n}.") for n in self.routes)


@dataclass(frozen=True, slots=True, eq=False)
class Nets:
    """By the cluster they are under; `composites` are the clusters they go through. `taken` says who
    takes connections, by the cluster that cannot."""

    by_cluster: Mapping[str, tuple[Net, ...]]
    composites: tuple[Cluster, ...]
    taken: Taken


# --- out of traffic ----------------------------------------------------------------------------


def in_traffic(registry: Registry, suspensions: tuple[Suspend, ...]) -> Registry:
    """The registry whose suspended workloads' pods take no new requests."""
    out = {(s.metadata.key.namespace, s.workload) for s in suspensions if s.workload}
    if not out:
        return registry
    pods = tuple(
        replace(p, ready=False) if (p.namespace, p.workload) in out and not p.gateway else p
        for p in registry.pods
    )
    return replace(registry, pods=pods)


def suspended_hosts(
    selection: Selection, suspensions: tuple[Suspend, ...]
) -> Mapping[str, Suspend]:
    """The hosts of suspended services; of two that suspend one, the older counts."""
    named = {(s.metadata.key.namespace, s.service): s for s in reversed(suspensions) if s.service}
    return {
        host: named[upstream.namespace, upstream.name]
        for host, upstream in selection.upstreams.items()
        if upstream.service is not None and (upstream.namespace, upstream.name) in named
    }


def without_suspended(selection: Selection, suspensions: tuple[Suspend, ...]) -> Selection:
    """As clients see it: behind a suspended service is nobody."""
    out = suspended_hosts(selection, suspensions)
    if not out:
        return selection
    return Selection(
        selection.upstreams,
        {host: () if host in out else pods for host, pods in selection.pods.items()},
        selection.sans,
        {host: () if host in out else found for host, found in selection.entries.items()},
    )


# --- what answers ------------------------------------------------------------------------------


def nets(
    clusters: tuple[Cluster, ...],
    known: Reachable,
    namespace: str,
    fallbacks: tuple[Fallback, ...],
    suspended: Mapping[str, Suspend],
) -> Nets:
    """For clients of one namespace: a Fallback of theirs counts before one of the service's own."""
    by_name = {cluster.name: cluster for cluster in clusters}
    found: dict[str, tuple[Net, ...]] = {}
    composites: list[Cluster] = []
    taken: Taken = {}
    for cluster in clusters:
        port, subset, host = parts(cluster.name)
        if not port:
            continue
        under = list(fallbacks_of(fallbacks, host, subset, cluster.service_namespace, namespace))
        own = [net_of(one, cluster, int(port), known, by_name) for one in under]
        caught = [net for net in own if net is not None]
        if not cluster.protocol.is_http:
            for net in takers(cluster, caught, by_name)[:1]:
                taken[cluster.name] = net.backstop
                composites.append(in_turn(cluster, net.backstop))
            continue
        composites += [composite(cluster, net) for net in caught if net.backstop.target]
        if host in suspended and all(net.routes for net in caught):
            caught.append(Net(backstop=out_of_traffic(suspended[host])))
        if caught:
            found[cluster.name] = tuple(caught)
    return Nets(by_cluster=found, composites=tuple(composites), taken=taken)


def takers(first: Cluster, nets: list[Net], by_name: Mapping[str, Cluster]) -> list[Net]:
    """The nets that connections may fall into."""
    if not is_taken_over(first):
        return []
    return [
        net
        for net in nets
        if not net.routes
        and net.backstop.target
        and not by_name[net.backstop.target].protocol.is_http
    ]


def parts(cluster: str) -> tuple[str, str, str]:
    """Port, subset and host of an outbound cluster's name; empty for others."""
    words = cluster.split("|", 3)
    if len(words) < 4 or words[0] != "outbound":
        return "", "", ""
    return words[1], words[2], words[3]


def fallbacks_of(
    every: tuple[Fallback, ...], host: str, subset: str, home: str, client: str
) -> Iterator[Fallback]:
    """Those that a cluster is under, the one that counts most first."""
    found = [
        one
        for one in every
        if one.metadata.key.namespace in (home, client)
        and full_host(one.host, one.metadata.key.namespace) == host
        and one.subset in ("", subset)
    ]
    found.sort(
        key=lambda f: (
            f.metadata.key.namespace != client,
            not f.subset,
            not f.routes,
            f.metadata.age,
        )
    )
    return iter(found)


def net_of(
    given: Fallback,
    cluster: Cluster,
    port: int,
    known: Reachable,
    by_name: Mapping[str, Cluster],
) -> Net | None:
    """None where the destination does not exist for this client."""
    origin = Origin(resource=given.metadata.key)
    if given.answer is not None:
        backstop = Backstop(origin=origin, on=given.on, answer=given.answer)
        return Net(backstop=backstop, routes=given.routes)
    target = target_of(given, port, known)
    if target not in by_name or target == cluster.name:
        return None
    key = given.metadata.key
    backstop = Backstop(
        origin=origin,
        on=given.on,
        target=target,
        through=cluster.name.replace("outbound", f"{key.name}.{key.namespace}.fallback", 1),
        max_requests=most_requests(cluster),
        max_pending=cluster.limits.max_pending_requests,
    )
    return Net(backstop=backstop, routes=given.routes)


def most_requests(cluster: Cluster) -> int | None:
    """None also where connections that carry one request each never get that far."""
    limits = cluster.limits
    single = cluster.protocol is AppProtocol.HTTP and not (
        limits.upgrade_to_http2 or limits.use_client_protocol
    )
    if single and limits.max_requests is not None and limits.max_connections is not None:
        return limits.max_requests if limits.max_requests < limits.max_connections else None
    return limits.max_requests


def target_of(given: Fallback, port: int, known: Reachable) -> str:
    """The cluster of a Fallback's destination: its port, else the same one, else its only one."""
    wanted = given.destination
    if wanted is None:
        return ""
    upstream = known.upstream(full_host(wanted.host, given.metadata.key.namespace))
    if upstream is None:
        return ""
    number = wanted.port or port
    if wanted.port is None and upstream.port(port) is None and len(upstream.ports) == 1:
        number = upstream.ports[0].number
    return cluster_name(number, wanted.subset, upstream.host)


def composite(first: Cluster, net: Net) -> Cluster:
    return Cluster(
        name=net.backstop.through,
        kind=ClusterKind.COMPOSITE,
        protocol=first.protocol,
        service_namespace=first.service_namespace,
        service_name=first.service_name,
        subset=first.subset,
        members=(*(first.name,) * TRIES, net.backstop.target),
        origin=net.backstop.origin,
    )


def out_of_traffic(suspend: Suspend) -> Backstop:
    key = suspend.metadata.key
    name = f"{suspend.service}.{key.namespace}"
    because = f": {suspend.reason}" if suspend.reason else ""
    return Backstop(
        origin=Origin(resource=key),
        answer=Answer(
            status=503,
            body=f"{name} is suspended{because}\n",
            headers=(("x-meshweb-suspended", name),),
        ),
    )


# --- into routes -------------------------------------------------------------------------------


def caught(config: RouteConfig, nets: Nets) -> RouteConfig:
    """The same routes, with what is under each of their clusters."""
    if not (nets.by_cluster or nets.taken):
        return config
    hosts = tuple(caught_host(host, nets) for host in config.virtual_hosts)
    if all(a is b for a, b in zip(hosts, config.virtual_hosts, strict=True)):
        return config
    return replace(config, virtual_hosts=hosts)


def caught_host(host: VirtualHost, nets: Nets) -> VirtualHost:
    routes = tuple(caught_route(route, nets) for route in host.routes)
    if all(a is b for a, b in zip(routes, host.routes, strict=True)):
        return host
    return replace(host, routes=routes)


def caught_route(route: Route, nets: Nets) -> Route:
    if any(share.cluster in nets.taken for share in route.clusters):
        return replace(route, clusters=caught_shares(route.clusters, nets.taken))
    if route.match.connect or not any(s.cluster in nets.by_cluster for s in route.clusters):
        return route
    return replace(route, clusters=tuple(caught_share(s, route.name, nets) for s in route.clusters))


def caught_share(share: WeightedCluster, route: str, nets: Nets) -> WeightedCluster:
    for net in nets.by_cluster.get(share.cluster, ()):
        if net.holds(route):
            return replace(share, backstop=net.backstop)
    return share
