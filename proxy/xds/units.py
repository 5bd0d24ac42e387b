"""The parts of a configuration that Envoy judges by themselves, and one bootstrap of many of them.

A proxy's hundreds of resources are few different ones: pods of a workload differ in addresses,
tables of a namespace in one virtual host, one revision from the next in a weight. `normal` says
what of a part Envoy's judgement hangs on, so that what was tried once is not tried again. Pure.
"""

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from proxy.xds import cluster, messages, route, tls
from proxy.xds.messages import as_dict
from proxy.xds.options import Options
from proxy.xds.snapshot import AnyListener, Material, all_listeners, listener_message
from proxy.xds.static import around, static_cluster, whole
from routing.contracts import ResourceKey
from routing.ir import (
    Cluster,
    GatewayListener,
    GatewaySecret,
    InboundListener,
    MeshTls,
    Origin,
    OutboundTcpListener,
    Proxy,
    ProxyConfig,
    Route,
    RouteConfig,
    VirtualHost,
    WeightedCluster,
)

_ANY_PORT = 1
_NOBODY = "0.0.0.0"  # noqa: S104  a place holder: nothing listens in a trial


@dataclass(frozen=True, slots=True)
class Port:
    """A listener and whose it is: what is told of requests depends on both."""

    listener: AnyListener
    proxy: Proxy


@dataclass(frozen=True, slots=True)
class Table:
    """A route configuration but for what its virtual hosts do: their names and domains."""

    config: RouteConfig


Part = Cluster | VirtualHost | Table | Port | GatewaySecret


def clusters(config: ProxyConfig, before: ProxyConfig | None) -> tuple[Cluster, ...]:
    """The clusters of a configuration; none if they are the very same as before."""
    return () if before is not None and config.clusters is before.clusters else config.clusters


def tables(config: ProxyConfig, before: ProxyConfig | None) -> Iterator[RouteConfig]:
    """The route configurations that are not the very same as before."""
    known = {id(table) for table in before.routes} if before is not None else set()
    return (table for table in config.routes if id(table) not in known)


def others(config: ProxyConfig, before: ProxyConfig | None) -> Iterator[Port | GatewaySecret]:
    """The listeners and secrets of a configuration if they are not the very same as before."""
    if before is None or config.proxy != before.proxy or _ports(config) != _ports(before):
        for listener in all_listeners(config):
            yield Port(listener, config.proxy)
    if before is None or config.secrets is not before.secrets:
        yield from config.secrets


def _ports(config: ProxyConfig) -> tuple[object, ...]:
    return (config.inbound, config.outbound_http, config.outbound_tcp, config.gateways)


# What Envoy's judgement hangs on


def normal(part: Part) -> Hashable:
    """Equal for parts that Envoy takes or refuses alike, however weights and addresses differ."""
    match part:
        case Cluster():
            return _normal_cluster(part)
        case VirtualHost():
            routes = tuple(_normal_route(one) for one in part.routes)
            # its domains are judged with the table it is in
            return replace(part, name=_usual(part.name), domains=(), routes=routes)
        case Table(config):
            names = tuple((host.name, host.domains) for host in config.virtual_hosts)
            inbound = config.name.startswith("inbound|")
            return (inbound, config.ignore_port, config.authorization, names)
        case Port(listener, proxy):
            return Port(_normal_listener(listener), _normal_proxy(proxy))
        case GatewaySecret():
            return part


def _normal_cluster(given: Cluster) -> Cluster:
    made = replace(
        given,
        name=_usual(given.name),
        service_namespace="",
        service_name=_usual(given.service_name),
        subset=_usual(given.subset),
        origin=None,
        spoken_plainly=(),
    )
    if isinstance(given.tls, MeshTls):
        made = replace(made, tls=MeshTls(sans=(), sni=_usual(given.tls.sni)))
    if given.name.startswith("inbound|"):
        # its endpoint and its source are the pod's own addresses
        return replace(made, endpoints=(), source_address="")
    return made


def _normal_route(given: Route) -> Route:
    return replace(
        given,
        name=_usual(given.name),
        clusters=_shares(given.clusters),
        service_namespace="",
        service_name=_usual(given.service_name),
        origin=None,
    )


_USUAL = re.compile(r"[\w.|:/~*-]{0,200}", re.ASCII)


def _usual(name: str) -> str:
    """ "" for a name as they usually are: one is as good as another."""
    return "" if _USUAL.fullmatch(name) else name


def _shares(clusters: tuple[WeightedCluster, ...]) -> tuple[WeightedCluster, ...]:
    """Which headers the shares change; not how much goes where."""
    return tuple(dict.fromkeys(replace(one, cluster="", weight=1) for one in clusters))


def _normal_listener(given: AnyListener) -> AnyListener:
    match given:
        case InboundListener():
            return replace(
                given,
                address="",
                port=_ANY_PORT,
                cluster="",
                route_config="inbound" if given.route_config else "",
                service_namespace="",
                service_name="",
            )
        case OutboundTcpListener():
            shares = _shares(given.clusters)
            return replace(given, address="", port=_ANY_PORT, clusters=shares, origin=None)
        case GatewayListener():
            servers = tuple(
                replace(one, tcp_clusters=_shares(one.tcp_clusters), origin=None)
                for one in given.servers
            )
            return replace(given, address="", servers=servers)
        case _:
            return replace(given, address="")


def _normal_proxy(proxy: Proxy) -> Proxy:
    """Names and labels of pods are Kubernetes': they are told of requests, and are never odd."""
    return replace(
        proxy,
        id="",
        namespace="",
        pod="",
        workload="",
        app="",
        version="",
        labels=(),
        service_account="",
        address="",
        app_address="",
        outbound_address="",
    )


# Whose they are


def origins(part: Part) -> tuple[ResourceKey, ...]:
    """The users' resources that a part was made of, as far as it says."""
    given: object = part
    if isinstance(part, Table):
        given = replace(part.config, virtual_hosts=())
    return tuple(dict.fromkeys(found.resource for found in _origins(given)))


def _origins(value: object) -> Iterator[Origin]:
    if isinstance(value, Origin):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _origins(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _origins(getattr(value, field.name))


def name(part: Part) -> str:
    """For people."""
    match part:
        case Cluster():
            return f"cluster {part.name}"
        case VirtualHost():
            return f"virtual host {part.name}"
        case Table(config):
            return f"route configuration {config.name}"
        case Port(listener, proxy):
            return f"listener {listener.address}_{listener.port} of {proxy.pod}.{proxy.namespace}"
        case GatewaySecret():
            return f"secret {part.name}"


# As Envoy is asked about them


def bootstrap(given: Iterable[Part], options: Options, material: Material) -> dict[str, Any]:
    """One bootstrap with all of the parts under names and addresses of their own."""
    clusters: list[dict[str, Any]] = []
    listeners: list[dict[str, Any]] = []
    hosts: list[dict[str, Any]] = []
    for part in given:
        match part:
            case Cluster():
                made = as_dict(cluster.cluster(part, options.trust_domain))
                clusters.append(_named(static_cluster(made, None), len(clusters)))
            case VirtualHost():
                # their domains are tried with the table they are in
                made = as_dict(route.virtual_host(part))
                hosts.append(_named(made, len(hosts)) | {"domains": [f"{len(hosts)}.trial"]})
            case Table(config):
                listeners.append(around(_skeleton(config), len(listeners)))
            case Port(listener, proxy):
                made = as_dict(listener_message(listener, proxy, options))
                listeners.append(_named(made, len(listeners)) | _place(len(listeners)))
            case GatewaySecret():
                clusters += [_named(one, len(clusters)) for one in _client_of(part, material)]
    if hosts:
        listeners.append(around({"name": "hosts", "virtual_hosts": hosts}, len(listeners)))
    return whole(clusters, listeners)


def _named(made: dict[str, Any], index: int) -> dict[str, Any]:
    return {**made, "name": f"{made['name']}~{index}"}


def _place(index: int) -> dict[str, Any]:
    return {"address": {"socket_address": {"address": _NOBODY, "port_value": 1 + index}}}


def _skeleton(config: RouteConfig) -> dict[str, Any]:
    made = as_dict(route.route_configuration(config.name, config.authorization))
    hosts = [{"name": one.name, "domains": list(one.domains)} for one in config.virtual_hosts]
    return {**made, "virtual_hosts": hosts, "ignore_port_in_host_matching": config.ignore_port}


def _client_of(secret: GatewaySecret, material: Material) -> Iterator[dict[str, Any]]:
    """A cluster that needs a secret's content at once: then Envoy reads it."""
    found = material(secret)
    if found is None:
        return
    certificate = {
        "certificate_chain": {"inline_string": found.certificate_chain},
        "private_key": {"inline_string": found.private_key},
    }
    common: dict[str, Any] = {"tls_certificates": [certificate]}
    if found.authorities:
        common["validation_context"] = {"trusted_ca": {"inline_string": found.authorities}}
    socket = {"@type": f"{messages.TYPE_URL}{tls.UPSTREAM}", "common_tls_context": common}
    yield {
        "name": f"secret-{secret.name}",
        "type": "STATIC",
        "transport_socket": {"name": "tls", "typed_config": socket},
    }
