"""No two servers claim one host on one port of the same gateway workloads."""

from collections.abc import Iterator
from dataclasses import dataclass

from rest.contracts import Finding
from routing.checks.world import World
from routing.model import Gateway
from routing.model.catalogue import finding
from routing.model.gateway import Server
from routing.model.hosts import overlap


@dataclass(frozen=True, slots=True)
class Place:
    gateway: Gateway
    server: Server
    path: str


def gateway_ports_do_not_conflict(world: World) -> Iterator[Finding]:
    places = [
        Place(gateway, server, f"spec.servers[{i}]")
        for gateway in world.gateways.values()
        for i, server in enumerate(gateway.servers)
    ]
    by_port: dict[int, list[Place]] = {}
    for place in places:
        by_port.setdefault(place.server.port, []).append(place)
    for sharing in by_port.values():
        for one in sharing:
            for other in sharing:
                if one is not other and same_workloads(world, one.gateway, other.gateway):
                    yield from conflict(one, other)


def same_workloads(world: World, one: Gateway, other: Gateway) -> bool:
    """Whether some workload serves both; equal selectors count where nothing runs yet."""
    if one.selector == other.selector:
        return True
    both = {*one.selector, *other.selector}
    return any(both <= set(w.labels) for w in world.workloads if w.gateway)


def conflict(one: Place, other: Place) -> Iterator[Finding]:
    key = one.gateway.metadata.key
    name = f"{other.gateway.metadata.key} {other.path}"
    port = one.server.port
    if family(one.server) != family(other.server):
        words = (name, port, other.server.protocol)
        yield finding("MSH1103", key, f"{one.path}.port", *words)
        return
    shared = [h for h in one.server.hosts if any(same_host(h, o) for o in other.server.hosts)]
    if shared:
        yield finding("IST0145", key, f"{one.path}.hosts", name, ", ".join(shared), port)


def family(server: Server) -> str:
    """What can share a port: plain HTTP, TLS of any kind, plain TCP."""
    if server.is_tls:
        return "TLS"
    return "HTTP" if server.is_http else "TCP"


def same_host(one: str, other: str) -> bool:
    """Equal names conflict; a wildcard beside a narrower name does not, unless it is plain "*"."""
    scope, _, host = one.rpartition("/")
    other_scope, _, other_host = other.rpartition("/")
    if scope not in ("", "*") and other_scope not in ("", "*") and scope != other_scope:
        return False
    if host == other_host:
        return True
    return False if "*" not in (host, other_host) else overlap(host, other_host)
