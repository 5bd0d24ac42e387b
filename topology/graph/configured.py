"""What the configuration does to each service's traffic: the marks that its nodes bear."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from topology.contracts import NodeKind, Registry
from topology.graph.places import CLUSTER_SUFFIX, Place

Spec = Mapping[str, Any]


class Resource(NamedTuple):
    """A document of the configuration; its specification as the user wrote it."""

    kind: str
    namespace: str
    name: str
    spec: Spec


@dataclass(slots=True)
class Marks:
    """Of one service. `marks` are names of badges; `hosts` those that VirtualServices have for it.

    `homes`: the namespaces of the resources that speak of it.
    """

    marks: set[str] = field(default_factory=set)
    homes: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    entry_hosts: set[str] = field(default_factory=set)
    entry_location: str = ""


Configured = Mapping[tuple[str, str], Marks]
"""By (namespace, name) of a service, or by ("", host) of a host outside the mesh."""

VIRTUAL_SERVICE, CIRCUIT_BREAKER, FAULT = "virtual-service", "circuit-breaker", "fault-injection"
MIRROR, TIMEOUT, ROUTING = "mirroring", "request-timeout", "request-routing"
SHIFTING, TCP_SHIFTING = "traffic-shifting", "tcp-traffic-shifting"
ENTRY, NO_SIDECAR = "service-entry", "no-sidecar"


def configured(resources: Iterable[Resource]) -> Configured:
    """Shapes are not trusted: what is not as Istio has it marks nothing."""
    found: dict[tuple[str, str], Marks] = {}
    for one in resources:
        for host, marks in _told(one):
            service = _service(host, one.namespace)
            known = found.setdefault(service, Marks())
            known.marks |= marks
            known.homes.add(one.namespace)
            if one.kind == "VirtualService":
                known.hosts |= {str(name) for name in _list(one.spec, "hosts")}
            if one.kind == "ServiceEntry":
                known.entry_hosts.add(host)
                known.entry_location = str(one.spec.get("location") or "MESH_EXTERNAL")
    return found


def _told(one: Resource) -> Iterator[tuple[str, set[str]]]:
    """Hosts, each with what the resource does to requests for it."""
    if one.kind == "DestinationRule":
        policies = [one.spec, *_maps(one.spec, "subsets")]
        breaks = any(_breaks(_map(policy, "trafficPolicy")) for policy in policies)
        yield str(one.spec.get("host", "")), {CIRCUIT_BREAKER} if breaks else set()
    elif one.kind == "ServiceEntry":
        for host in _list(one.spec, "hosts"):
            yield str(host), {ENTRY}
    elif one.kind == "VirtualService":
        marks = {VIRTUAL_SERVICE, *_routing(one.spec)}
        for host in _destinations(one.spec):
            yield host, marks


def _breaks(policy: Spec) -> bool:
    """As Kiali: pools with limits, or endpoints put out."""
    return bool(policy.get("connectionPool") or policy.get("outlierDetection"))


def _routing(spec: Spec) -> Iterator[str]:
    for route in _maps(spec, "http"):
        if route.get("fault"):
            yield FAULT
        if route.get("mirror") or route.get("mirrors"):
            yield MIRROR
        if route.get("timeout"):
            yield TIMEOUT
        if len(_maps(route, "route")) > 1:
            yield SHIFTING
        elif _maps(route, "match"):
            yield ROUTING
    if any(len(_maps(route, "route")) > 1 for route in _maps(spec, "tcp")):
        yield TCP_SHIFTING


def _destinations(spec: Spec) -> Iterator[str]:
    """Where its routes lead, and the hosts it is for."""
    found = {str(host) for host in _list(spec, "hosts")} - {"*"}
    for protocol in ("http", "tcp", "tls"):
        for route in _maps(spec, protocol):
            for leg in _maps(route, "route"):
                found.add(str(_map(leg, "destination").get("host", "")))
    yield from sorted(found - {""})


def _service(host: str, namespace: str) -> tuple[str, str]:
    if host.endswith(CLUSTER_SUFFIX):
        name, _, home = host.removesuffix(CLUSTER_SUFFIX).rpartition(".")
        return (home, name)
    name, dot, rest = host.partition(".")
    if not dot:
        return (namespace, name)
    if rest.partition(".")[0] and rest.removesuffix(".svc").count(".") == 0 and "*" not in host:
        return (rest.removesuffix(".svc"), name)
    return ("", host)


def badges(found: Configured, registry: Registry) -> Mapping[str, tuple[str, ...]]:
    """By node id, sorted."""
    services = {(one.namespace, one.name) for one in registry.services}
    marked: dict[str, tuple[str, ...]] = {}
    for (namespace, name), one in found.items():
        places = [Place(NodeKind.SERVICE, namespace, name)]
        if (namespace, name) not in services:  # traffic may name the entry's namespace, or none
            host = name if namespace == "" else f"{name}.{namespace}"
            places = [Place(NodeKind.EXTERNAL, home, host) for home in ("", *sorted(one.homes))]
        for place in places if one.marks else ():
            marked[place.id] = tuple(sorted(one.marks))
    for workload in registry.workloads:
        if not workload.sidecar and not workload.gateway:
            place = Place(NodeKind.WORKLOAD, workload.namespace, workload.name)
            marked[place.id] = (NO_SIDECAR,)
    return marked


_KIALI = {
    CIRCUIT_BREAKER: "hasCB",
    FAULT: "hasFaultInjection",
    MIRROR: "hasMirroring",
    TIMEOUT: "hasRequestTimeout",
    ROUTING: "hasRequestRouting",
    SHIFTING: "hasTrafficShifting",
    TCP_SHIFTING: "hasTCPTrafficShifting",
}


def kiali_fields(found: Configured) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """The same as the fields of Kiali's nodes."""
    return {service: dict(_fields(service, one)) for service, one in found.items()}


def _fields(service: tuple[str, str], one: Marks) -> Iterator[tuple[str, object]]:
    for mark in sorted(one.marks):
        if mark in _KIALI:
            yield _KIALI[mark], True
    if VIRTUAL_SERVICE in one.marks:
        yield "hasVS", {"hostnames": sorted(one.hosts)}
    if ENTRY in one.marks:
        told = {"hosts": sorted(one.entry_hosts), "location": one.entry_location}
        yield "isServiceEntry", {**told, "namespace": service[0]}


def _map(value: Spec, name: str) -> Spec:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(value: Spec, name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def _maps(value: Spec, name: str) -> list[Spec]:
    return [one for one in _list(value, name) if isinstance(one, Mapping)]
