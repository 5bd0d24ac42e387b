"""The weights of one route sum to 100."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.model import VirtualService
from routing.model.catalogue import finding
from routing.model.virtual_service import WeightedDestination


def weights_add_up(world: World) -> Iterator[Finding]:
    for service in world.virtual_services:
        for path, route in routes(service):
            yield from check_route(service, path, route)


def routes(service: VirtualService) -> Iterator[tuple[str, tuple[WeightedDestination, ...]]]:
    """Every list of destinations with its path."""
    for i, http in enumerate(service.http):
        yield f"spec.http[{i}].route", http.route
    for i, tls in enumerate(service.tls):
        yield f"spec.tls[{i}].route", tls.route
    for i, tcp in enumerate(service.tcp):
        yield f"spec.tcp[{i}].route", tcp.route


def check_route(
    service: VirtualService, path: str, route: tuple[WeightedDestination, ...]
) -> Iterator[Finding]:
    key = service.metadata.key
    if len(route) == 1 and route[0].weight not in (None, 100):
        yield finding("KIA1104", key, f"{path}[0].weight")
    total = sum(d.weight or 0 for d in route)
    if len(route) > 1 and total != 100:
        yield finding("MSH1101", key, path, total)
    seen = set()
    for i, one in enumerate(route):
        if one.destination in seen:
            words = f"{one.destination.host} {one.destination.subset}".strip()
            yield finding("KIA1105", key, f"{path}[{i}].destination", words)
        seen.add(one.destination)
