"""What a VirtualService sends traffic to exists: host, subset and port."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.rules.weights import routes
from routing.checks.world import World
from routing.compile.rules import rules_for, subsets
from routing.compile.upstreams import Upstream
from routing.contracts import ResourceKey
from routing.model.catalogue import finding
from routing.model.virtual_service import Destination


def destinations_exist(world: World) -> Iterator[Finding]:
    for service in world.virtual_services:
        for path, route in routes(service):
            for i, one in enumerate(route):
                where = f"{path}[{i}].destination"
                yield from check_destination(world, service.metadata.key, where, one.destination)


def check_destination(
    world: World, key: ResourceKey, path: str, destination: Destination
) -> Iterator[Finding]:
    upstream = world.upstream(destination.host, key.namespace)
    if upstream is None:
        yield finding("KIA1101", key, f"{path}.host", destination.host)
        return
    rules = rules_for(world.rules, key.namespace, upstream.host, upstream.namespace)
    if destination.subset and destination.subset not in subsets(rules):
        yield finding("KIA1107", key, f"{path}.subset", destination.subset, destination.host)
    yield from check_port(key, path, destination, upstream)


def check_port(
    key: ResourceKey, path: str, destination: Destination, upstream: Upstream
) -> Iterator[Finding]:
    known = ", ".join(str(p.number) for p in upstream.ports) or "no port"
    if destination.port is None:
        if len(upstream.ports) > 1:
            yield finding("IST0112", key, path, destination.host, known)
    elif upstream.port(destination.port) is None:
        words = (destination.host, destination.port)
        fix = f"use one of {known}"
        yield finding("MSH1102", key, f"{path}.port.number", *words, fix=fix)
