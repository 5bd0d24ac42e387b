"""The clusters of one host and their endpoints, for every port and subset."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from routing.compile.localities import ANYWHERE as UNPLACED
from routing.compile.localities import Placed, Standpoint, arranged, effective
from routing.compile.mtls import PodView
from routing.compile.rules import limits, policy_for, subsets
from routing.compile.secrets import authorities, certificate, named
from routing.compile.server_names import server_name
from routing.compile.upstreams import Upstream, UpstreamPort
from routing.ir import (
    Cluster,
    ClusterEndpoints,
    ClusterKind,
    Endpoint,
    GatewaySecret,
    LoadBalancer,
    MeshTls,
    Origin,
    OriginateTls,
)
from routing.model import DestinationRule
from routing.model.destination_rule import (
    Balancing,
    ClientTls,
    Subset,
    TlsMode,
    TrafficPolicy,
)
from routing.model.places import place_of
from routing.model.service_entry import EntryEndpoint, Resolution
from topology.contracts import AppProtocol, Labels

BLACKHOLE = Cluster(name="BlackHoleCluster", kind=ClusterKind.BLACKHOLE, protocol=AppProtocol.TCP)


ANYWHERE = Cluster(name="PassthroughCluster", kind=ClusterKind.DYNAMIC, protocol=AppProtocol.TCP)

TLS_MODE = "security.istio.io/tlsMode"
"""The label of a workload that takes the mesh's mTLS, where the registry does not know."""
BY_REQUEST = (Resolution.NONE, Resolution.DYNAMIC_DNS)
BY_NAME = (Resolution.DNS, Resolution.DNS_ROUND_ROBIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostClusters:
    """Both parts have the same order: ports as declared, the whole service before its subsets."""

    clusters: tuple[Cluster, ...]
    endpoints: tuple[ClusterEndpoints, ...]


def cluster_name(port: int, subset: str, host: str) -> str:
    return f"outbound|{port}|{subset}|{host}"


def clusters_of(
    upstream: Upstream,
    rules: tuple[DestinationRule, ...],
    pods: tuple[PodView, ...],
    sans: tuple[str, ...],
    entries: tuple[EntryEndpoint, ...] = (),
    client: Standpoint = UNPLACED,
    secrets: tuple[GatewaySecret, ...] | None = None,
) -> HostClusters:
    """`pods` are those the host selects, `sans` the identities they may have; `entries` the workloads
    beside the pods; `client` is who looks, where that matters; `secrets` are those that the client may
    use for TLS (None: it may use none, and originates none with a credential, as in Istio)."""
    clusters: list[Cluster] = []
    endpoints: list[ClusterEndpoints] = []
    if unresolvable(upstream):
        return HostClusters(clusters=(), endpoints=())
    if not resolves(upstream):
        entries = tuple(e for e in entries if not e.is_named)
    for port in upstream.ports:
        for rule, subset in choices(rules):
            policy = policy_for(rules, subset, port.number)
            cluster = make_cluster(upstream, port, subset, policy, sans, rule, client, secrets)
            if isinstance(cluster.tls, MeshTls):
                plain = spoken_plainly(port, subset, pods)
                cluster = replace(cluster, spoken_plainly=plain) if plain else cluster
            clusters.append(cluster)
            if cluster.kind is ClusterKind.EDS:
                chosen = selected(port, subset, policy, pods, entries)
                if any(e.is_named for e in entries):
                    clusters[-1] = by_name(cluster, arranged(chosen, policy, client))
                    continue
                made = arranged(chosen, policy, client)
                endpoints.append(ClusterEndpoints(cluster=cluster.name, endpoints=made))
    return HostClusters(clusters=tuple(clusters), endpoints=tuple(endpoints))


def resolves(upstream: Upstream) -> bool:
    """Whether the names of workloads beside the pods are looked up: of a ServiceEntry that asks so."""
    entry = upstream.entry
    return entry is not None and entry.resolution in BY_NAME


def by_name(cluster: Cluster, endpoints: tuple[Endpoint, ...]) -> Cluster:
    """Who looks names up holds the endpoints himself; sockets have none."""
    placed = tuple(e for e in endpoints if not e.address.startswith("unix://"))
    return replace(cluster, kind=ClusterKind.DNS, endpoints=placed)


def unresolvable(upstream: Upstream) -> bool:
    """A wildcard whose hosts nobody resolves: only with NONE and DYNAMIC_DNS the request says where."""
    entry = upstream.entry
    by_request = entry is not None and entry.resolution in BY_REQUEST
    return upstream.wildcard and entry is not None and not entry.endpoints and not by_request


def choices(
    rules: tuple[DestinationRule, ...],
) -> Iterator[tuple[DestinationRule | None, Subset | None]]:
    yield (rules[0] if rules else None), None
    yield from subsets(rules).values()


def make_cluster(
    upstream: Upstream,
    port: UpstreamPort,
    subset: Subset | None,
    policy: TrafficPolicy,
    sans: tuple[str, ...],
    rule: DestinationRule | None,
    client: Standpoint,
    secrets: tuple[GatewaySecret, ...] | None,
) -> Cluster:
    subset_name = subset.name if subset else ""
    kind, endpoints = source_of_endpoints(upstream, port, subset.labels if subset else ())
    tls = client_tls(upstream, port, subset_name, policy.tls, sans)
    if policy.tls is not None and policy.tls.credential and isinstance(tls, OriginateTls):
        tls = with_credential(tls, policy.tls, secrets or ()) if secrets is not None else None
        if tls is MISSING:
            kind, endpoints = ClusterKind.BLACKHOLE, ()
    balancing = policy.balancing or Balancing()
    by_place = effective(policy)
    return Cluster(
        name=cluster_name(port.number, subset_name, upstream.host),
        kind=kind,
        protocol=port.protocol,
        service_namespace=upstream.namespace,
        service_name=upstream.name,
        subset=subset_name,
        endpoints=arranged(endpoints, policy, client),
        tls=None if tls is MISSING else tls,
        load_balancer=balancing.simple or LoadBalancer.LEAST_REQUEST,
        outlier=policy.outlier,
        limits=limits(policy.connection_pool),
        origin=Origin(resource=rule.metadata.key) if rule else entry_origin(upstream),
        consistent_hash=balancing.consistent_hash,
        warmup=balancing.warmup,
        locality_weighted=by_place is not None and bool(by_place.distribute),
        proxy_protocol=policy.proxy_protocol,
        retry_budget=policy.retry_budget,
        tunnel=policy.tunnel,
    )


def entry_origin(upstream: Upstream) -> Origin | None:
    return Origin(resource=upstream.entry.metadata.key) if upstream.entry else None


def source_of_endpoints(
    upstream: Upstream, port: UpstreamPort, wanted: Labels
) -> tuple[ClusterKind, tuple[Placed, ...]]:
    entry = upstream.entry
    if entry is None or entry.selector:
        return ClusterKind.EDS, ()
    chosen = tuple(
        (entry_endpoint(e, port), e.labels) for e in entry.endpoints if set(wanted) <= set(e.labels)
    )
    if entry.resolution is Resolution.STATIC:
        return ClusterKind.STATIC, chosen
    if entry.resolution in BY_REQUEST and not entry.endpoints:
        return ClusterKind.DYNAMIC, ()
    one = entry.resolution is Resolution.DNS_ROUND_ROBIN
    kind = ClusterKind.LOGICAL_DNS if one else ClusterKind.DNS
    if entry.endpoints:
        return kind, chosen
    return kind, ((Endpoint(address=upstream.host, port=port.target_port), ()),)


def entry_endpoint(given: EntryEndpoint, port: UpstreamPort) -> Endpoint:
    return Endpoint(
        mtls=dict(given.labels).get(TLS_MODE) == "istio",
        address=given.address,
        port=dict(given.ports).get(port.name, port.target_port),
        service_account=given.service_account,
        weight=given.weight,
        locality=place_of(given.labels, given.locality),
    )


def client_tls(
    upstream: Upstream,
    port: UpstreamPort,
    subset: str,
    tls: ClientTls | None,
    sans: tuple[str, ...],
) -> MeshTls | OriginateTls | None:
    in_mesh = upstream.entry is None or upstream.entry.internal
    declared = upstream.entry.sans if upstream.entry else ()
    own_sni = server_name(port.number, subset, upstream.host)
    if tls is None:
        return MeshTls(sans=declared or sans, sni=own_sni) if in_mesh else None
    if tls.mode is TlsMode.DISABLE:
        return None
    if tls.mode is TlsMode.ISTIO_MUTUAL:
        return MeshTls(sans=tls.sans or declared or sans, sni=tls.sni or own_sni)
    sni = tls.sni or ("" if upstream.wildcard else upstream.host)
    return OriginateTls(
        sni=sni,
        sans=tls.sans or declared,
        ca_file=tls.ca_file,
        certificate_file=tls.certificate_file if tls.mode is TlsMode.MUTUAL else "",
        key_file=tls.key_file if tls.mode is TlsMode.MUTUAL else "",
        crl_file=tls.crl_file,
        unverified=tls.unverified,
    )


MISSING = OriginateTls(credential="missing")


def with_credential(
    made: OriginateTls, wanted: ClientTls, secrets: tuple[GatewaySecret, ...]
) -> OriginateTls:
    """With what comes over SDS in place of files; MISSING where the Secret lacks it: Envoy would wait
    for it, and plain text was not asked for."""
    own = certificate(secrets, wanted.credential)
    trusted = authorities(secrets, wanted.credential)
    if wanted.mode is TlsMode.MUTUAL and own is None:
        return MISSING
    if trusted is None and named(secrets, wanted.credential) is None:
        return MISSING
    return replace(
        made,
        credential=own.name if own is not None and wanted.mode is TlsMode.MUTUAL else "",
        authorities=trusted.name if trusted is not None else "",
        system_roots=trusted is None,
        ca_file="",
        certificate_file="",
        key_file="",
    )


def selected(
    port: UpstreamPort,
    subset: Subset | None,
    policy: TrafficPolicy,
    pods: tuple[PodView, ...],
    entries: tuple[EntryEndpoint, ...],
) -> list[Placed]:
    """The ready pods, and the entries, with the subset's labels, by address."""
    wanted = set(subset.labels) if subset else set()
    chosen = [v for v in pods if v.serves and wanted <= set(v.pod.labels)]
    made = [(pod_endpoint(v, port.target_port, policy.tls), v.pod.labels) for v in chosen]
    made += [(entry_endpoint(e, port), e.labels) for e in entries if wanted <= set(e.labels)]
    made.sort(key=lambda placed: (placed[0].address, placed[0].port))
    return made


def spoken_plainly(
    port: UpstreamPort, subset: Subset | None, pods: tuple[PodView, ...]
) -> tuple[str, ...]:
    """The workloads with sidecars behind a port that clients do not speak mTLS to."""
    wanted = set(subset.labels) if subset else set()
    found = {
        f"{view.pod.namespace}/{view.pod.workload}"
        for view in pods
        if view.pod.sidecar and not view.pod.gateway
        if not view.mtls(port.target_port) and wanted <= set(view.pod.labels)
    }
    return tuple(sorted(found))


def pod_endpoint(view: PodView, port: int, tls: ClientTls | None) -> Endpoint:
    pod = view.pod
    mtls = view.mtls(port) if tls is None else tls.mode is TlsMode.ISTIO_MUTUAL
    return Endpoint(
        address=pod.address,
        port=port,
        mtls=mtls,
        namespace=pod.namespace,
        workload=pod.workload,
        app=pod.app,
        version=pod.version,
        service_account=pod.service_account,
        locality=place_of(pod.labels),
    )
