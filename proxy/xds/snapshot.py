"""Everything one proxy is served, as bytes, every part of it made once for the whole fleet.

A resource's version is the hash of its bytes: equal input gives equal bytes gives no push. The
bytes of a value are remembered under the value itself, and its generator is handed nothing else,
so a remembered answer is never the wrong one.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from types import MappingProxyType
from typing import NamedTuple
from weakref import WeakValueDictionary

from google.protobuf.message import Message

from proxy.xds import (
    cluster,
    endpoints,
    gateway,
    listener_inbound,
    listener_outbound,
    messages,
    route,
    telling,
    tls,
    wire,
)
from proxy.xds.messages import SHORT_NAMES, message, serialise
from proxy.xds.options import Options
from proxy.xds.remember import Lent, Recognised, Remembered
from proxy.xds.shared import Joined, Shared, difference, digest
from routing.ir import (
    Authorization,
    Cluster,
    ClusterEndpoints,
    ClusterKind,
    GatewayListener,
    GatewaySecret,
    InboundListener,
    OutboundHttpListener,
    OutboundTcpListener,
    Proxy,
    ProxyConfig,
    RouteConfig,
    VirtualHost,
)


class _Host(NamedTuple):
    """A virtual host as the field of its route configuration that it is, and the hash of that."""

    framed: bytes
    digest: bytes


_Table = tuple[str, Authorization | None, tuple[_Host, ...]]
"""A route configuration: its name, who may use it, its virtual hosts."""

AnyListener = InboundListener | OutboundHttpListener | OutboundTcpListener | GatewayListener


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Resource:
    """One xDS resource; `wire` is it, ready to stand in a delta response (see `wire.resource`).

    Compared by identity: two with the same `version` say the same.
    """

    name: str
    version: str
    wire: bytes


Resources = Mapping[str, Resource]
_NOTHING: Resources = MappingProxyType({})
_IGNORING_PORT = {"ignore_port_in_host_matching": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySnapshot:
    """A complete and consistent set: type URL -> name -> resource, types in push order."""

    proxy_id: str
    config: ProxyConfig
    resources: Mapping[str, Resources]

    def of(self, type_url: str) -> Resources:
        return self.resources.get(type_url, _NOTHING)

    def versions(self) -> dict[str, str]:
        """One version per type, for people: changes when any of its resources does."""
        return {url: version_of_set(self.of(url)) for url in SHORT_NAMES}


def version_of_set(resources: Resources) -> str:
    return hashlib.sha256(str(digest(resources)).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretMaterial:
    """PEM texts of a gateway's certificate. `authorities` check clients (MUTUAL); may be empty."""

    certificate_chain: str = field(repr=False)
    private_key: str = field(repr=False)
    authorities: str = field(default="", repr=False)


_MOST_OWN = 16
"""How many clusters at the end may be a proxy's own: its ports, and what its policies ask."""


class _Shared(NamedTuple):
    """What proxies that see the mesh alike have in common: the first of their clusters, all endpoints."""

    clusters: tuple[Cluster, ...]
    by_cluster: Shared[Resource]
    endpoints: tuple[ClusterEndpoints, ...]
    by_assigned: Shared[Resource]

    def suits(self, config: ProxyConfig) -> bool:
        """Whether this is nearly all that a proxy has; none of what it has beside needs endpoints."""
        many = len(self.clusters)
        own = config.clusters[many:]
        return (
            len(own) <= 2 * _MOST_OWN
            and config.endpoints == self.endpoints
            and config.clusters[:many] == self.clusters
            and all(one.kind is not ClusterKind.EDS for one in own)
        )


class _Latest:
    """The endpoints resource made last of one value, and the cluster it was made for."""

    __slots__ = ("cluster", "endpoints")

    def __init__(self, _: ClusterEndpoints) -> None:
        self.cluster: Resource | None = None
        self.endpoints = Resource("", "", b"")


Material = Callable[[GatewaySecret], SecretMaterial | None]


def no_material(_: GatewaySecret) -> None:
    return None


class Snapshots:
    """Makes the snapshots of a fleet. Not thread-safe: one thread at a time."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._hosts: Remembered[VirtualHost, _Host] = Remembered(_framed_host)
        self._routes: WeakValueDictionary[_Table, Resource] = WeakValueDictionary()
        self._tables: Lent[Resource] = Lent()
        self._clusters: Remembered[Cluster, Resource] = Remembered(self._cluster)
        self._shared = _Shared((), Shared(), (), Shared())
        self._assignments: Remembered[ClusterEndpoints, bytes] = Remembered(_assignment)
        self._endpoints: Remembered[tuple[str, str, bytes], Resource] = Remembered(_endpoints)
        self._latest: Recognised[_Latest] = Recognised()
        self._listeners: Remembered[tuple[AnyListener, Proxy], Resource] = Remembered(
            self._listener
        )
        self._secrets: Remembered[tuple[GatewaySecret, SecretMaterial], tuple[Resource, ...]] = (
            Remembered(_secret)
        )

    def snapshot(
        self,
        config: ProxyConfig,
        before: ProxySnapshot | None = None,
        material: Material = no_material,
    ) -> ProxySnapshot:
        """All resources of one proxy; those that nothing refers to are left out.

        Types that are as in `before` are the very same mappings. A secret without material is
        left out and waited for.
        """
        made: dict[str, Resources] = {}
        if before is not None and (
            before.config.clusters == config.clusters
            and before.config.endpoints == config.endpoints
        ):
            made[messages.CLUSTER] = before.of(messages.CLUSTER)
            made[messages.ENDPOINTS] = before.of(messages.ENDPOINTS)
        else:
            made[messages.CLUSTER], made[messages.ENDPOINTS] = self._upstreams(config)
        made[messages.SECRET] = _by_name(self._all_secrets(config, material))
        made[messages.LISTENER] = _by_name(
            self._listeners.by_value((one, config.proxy)) for one in all_listeners(config)
        )
        used = set(used_routes(config))
        made[messages.ROUTES] = {
            one.name: self._tables(one, self._route) for one in config.routes if one.name in used
        }
        return ProxySnapshot(
            proxy_id=config.proxy.id, config=config, resources=_keep_equal(made, before)
        )

    def _route(self, config: RouteConfig) -> Resource:
        hosts = tuple([self._hosts(host) for host in config.virtual_hosts])
        if config.ignore_port:
            hosts = (*hosts, _ignoring_port())
        parts = (config.name, config.authorization, hosts)
        made = self._routes.get(parts)
        if made is None:
            made = self._routes[parts] = _routes(parts)
        return made

    def _upstreams(self, config: ProxyConfig) -> tuple[Resources, Resources]:
        """Clusters and endpoints. What proxies one after another have in common is made once."""
        shared = self._shared
        if not shared.suits(config):
            self._shared = shared = self._made_for_all(config)
        own = {one.name: self._clusters(one) for one in config.clusters[len(shared.clusters) :]}
        return Joined(shared.by_cluster, own), shared.by_assigned

    def _made_for_all(self, config: ProxyConfig) -> _Shared:
        """All up to the last cluster that has an endpoints resource, and most of the others."""
        clusters = config.clusters
        others = takewhile(lambda one: one.kind is not ClusterKind.EDS, reversed(clusters))
        own = min(_MOST_OWN, sum(1 for _ in others))
        common = clusters[: len(clusters) - own]
        by_cluster = Shared((one.name, self._clusters(one)) for one in common)
        by_assigned = Shared(
            (one.cluster, self._assigned(one, by_cluster[one.cluster]))
            for one in config.endpoints
            if one.cluster in by_cluster
        )
        return _Shared(common, by_cluster, config.endpoints, by_assigned)

    def _assigned(self, given: ClusterEndpoints, behind: Resource) -> Resource:
        latest = self._latest(given, _Latest)
        if latest.cluster is not behind:
            parts = (given.cluster, behind.version, self._assignments(given))
            latest.cluster, latest.endpoints = behind, self._endpoints.by_value(parts)
        return latest.endpoints

    def _all_secrets(self, config: ProxyConfig, material: Material) -> Iterator[Resource]:
        for secret in config.secrets:
            found = material(secret)
            if found is not None:
                yield from self._secrets.by_value((secret, found))

    def _cluster(self, given: Cluster) -> Resource:
        return _resource(given.name, cluster.cluster(given, self._options.trust_domain))

    def _listener(self, given: tuple[AnyListener, Proxy]) -> Resource:
        port, proxy = given
        options = telling.options_of(port, proxy, self._options)
        made = listener_message(port, proxy, options)
        return _resource(made.name, made)  # type: ignore[attr-defined]  # made by descriptor


def _keep_equal(
    made: dict[str, Resources], before: ProxySnapshot | None
) -> Mapping[str, Resources]:
    """With the mapping of `before` wherever that says the same: no change is found at once."""
    if before is not None:
        for url, resources in made.items():
            found = difference(before.of(url), resources)
            if not found.changed and not found.gone:
                made[url] = before.of(url)
    return made


def used_routes(config: ProxyConfig) -> Iterator[str]:
    """Names of the route configurations that its listeners ask for."""
    for port in config.inbound:
        if port.route_config:
            yield port.route_config
    if config.outbound_http is not None:
        yield config.outbound_http.route_config
    for more in config.outbound_more:
        yield more.route_config
    for listener in config.gateways:
        for server in listener.servers:
            if not server.tcp_clusters:
                yield server.route_config


def all_listeners(config: ProxyConfig) -> Iterator[AnyListener]:
    yield from config.inbound
    if config.outbound_http is not None:
        yield config.outbound_http
    yield from config.outbound_more
    yield from config.outbound_tcp
    yield from config.gateways


def listener_message(port: AnyListener, proxy: Proxy, options: Options) -> Message:
    match port:
        case InboundListener():
            return listener_inbound.inbound(port, proxy, options)
        case OutboundHttpListener():
            return listener_outbound.outbound_http(port, proxy, options)
        case OutboundTcpListener():
            return listener_outbound.outbound_tcp(port, proxy, options)
        case GatewayListener():
            return gateway.gateway(port, proxy, options)


def _by_name(resources: Iterable[Resource]) -> Resources:
    return {one.name: one for one in resources}


def _resource(name: str, content: Message) -> Resource:
    url = messages.TYPE_URL + content.DESCRIPTOR.full_name
    return _resource_of(name, url, serialise(content))


def _resource_of(name: str, url: str, content: bytes, also: str = "") -> Resource:
    """`also` is a part of the version beside the content."""
    version = _short(hashlib.sha256(content)) + also
    return Resource(name, version, wire.resource(name, version, url, (content,)))


def _short(made: "hashlib._Hash") -> str:
    return made.hexdigest()[:16]


@cache
def _ignoring_port() -> _Host:
    """The field of a route configuration that has domains compared without the client's port."""
    content = message("envoy.config.route.v3.RouteConfiguration")(**_IGNORING_PORT)
    return _hashed(serialise(content))


def _framed_host(host: VirtualHost) -> _Host:
    return _hashed(wire.field(2, serialise(route.virtual_host(host))))


def _hashed(content: bytes) -> _Host:
    return _Host(content, hashlib.sha256(content).digest())


def _routes(parts: _Table) -> Resource:
    """Its version is the hash of its virtual hosts' hashes: they are many and change one by one."""
    name, guard, hosts = parts
    head = serialise(route.route_configuration(name, guard))
    digests = (hashlib.sha256(head).digest(), *(host.digest for host in hosts))
    version = _short(hashlib.sha256(b"".join(digests)))
    content = (head, *(host.framed for host in hosts))
    return Resource(name, version, wire.resource(name, version, messages.ROUTES, content))


def _assignment(given: ClusterEndpoints) -> bytes:
    return serialise(endpoints.load_assignment(given))


def _endpoints(parts: tuple[str, str, bytes]) -> Resource:
    # a changed cluster waits for endpoints and Envoy does not ask again: so they are sent again
    name, cluster_version, content = parts
    return _resource_of(name, messages.ENDPOINTS, content, also=f".{cluster_version[:8]}")


def _secret(given: tuple[GatewaySecret, SecretMaterial]) -> tuple[Resource, ...]:
    secret, material = given
    made: list[Resource] = []
    if material.certificate_chain:
        certificate = tls.certificate(secret.name, material.certificate_chain, material.private_key)
        made.append(_resource(secret.name, certificate))
    if material.authorities:
        name = secret.authorities_name
        made.append(_resource(name, tls.authorities(name, material.authorities)))
    return tuple(made)
