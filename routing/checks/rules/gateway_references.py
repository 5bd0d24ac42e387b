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
                yield finding("IST0101", key, path, name)
            elif path.startswith("spec.gateways") and not serves_a_host(gateway, service):
                yield finding("IST0132", key, "spec.hosts", name, ", ".join(service.hosts))


def references(service: VirtualService) -> Iterator[tuple[str, str]]:
    """Every gateway named, with its path."""
    for i, name in enumerate(service.gateways):
        yield f"spec.gateways[{i}]", name
    for field, matches in (
        ("http", [r.matches for r in service.http]),
        ("tls", [r.matches for r in service.tls]),
        ("tcp", [r.matches for r in service.tcp]),
    ):
        for i, alternatives in enumerate(matches):
            for j, match in enumerate(alternatives):
                for k, name in enumerate(match.gateways):
                    yield f"spec.{field}[{i}].match[{j}].gateways[{k}]", name


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
