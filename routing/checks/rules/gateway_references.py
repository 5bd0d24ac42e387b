"""The gateways a VirtualService names exist and serve a host of it."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.model import Gateway, VirtualService
from routing.model.catalogue import finding
from routing.model.hosts import full_host, overlap

MESH = "mesh"


def gateways_exist(world: World) -> Iterator[Finding]:
    for service in world.virtual_services:
        for path, name in references(service):
            if name == MESH:
                continue
            key = service.metadata.key
            gateway = world.gateway(name, key.namespace)
            if gateway is None:
                yield finding("IST0101", key, path, "Gateway", name)
            elif path.startswith("spec.gateways") and not serves_a_host(gateway, service):
                yield finding("IST0132", key, "spec.hosts", name, ", ".join(service.hosts))


def references(service: VirtualService) -> Iterator[tuple[str, str]]:
    """Every gateway named, with its path."""
    for i, name in enumerate(service.gateways):
        yield f"spec.gateways[{i}]", name
    for i, route in enumerate(service.http):
        for j, match in enumerate(route.matches):
            yield from named(f"spec.http[{i}].match[{j}]", match.gateways)
    for field, routes in (("tls", service.tls), ("tcp", service.tcp)):
        for i, l4_route in enumerate(routes):
            for j, l4_match in enumerate(l4_route.matches):
                yield from named(f"spec.{field}[{i}].match[{j}]", l4_match.gateways)


def named(path: str, gateways: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for k, name in enumerate(gateways):
        yield f"{path}.gateways[{k}]", name


def serves_a_host(gateway: Gateway, service: VirtualService) -> bool:
    namespace = service.metadata.key.namespace
    own = [full_host(h, namespace) for h in service.hosts]
    for server in gateway.servers:
        for written in server.hosts:
            scope, _, pattern = written.rpartition("/")
            scope = gateway.metadata.key.namespace if scope == "." else scope
            if scope in ("", "*", namespace) and any(overlap(pattern, host) for host in own):
                return True
    return False
