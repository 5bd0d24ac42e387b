"""A host is routed by one VirtualService."""

from collections.abc import Iterable, Iterator
from itertools import islice

from rest.contracts import Finding
from routing.checks.rule import RIVALS, named
from routing.checks.world import World
from routing.model import VirtualService
from routing.model.catalogue import finding
from routing.model.gateway_names import MESH, gateway_names
from routing.model.hosts import full_host


def hosts_are_routed_once(world: World) -> Iterator[Finding]:
    """In the mesh the oldest is followed alone; at a gateway they are joined, which is worth knowing."""
    claims: dict[tuple[str, str], list[tuple[VirtualService, int]]] = {}
    for service in world.virtual_services:
        namespace = service.metadata.key.namespace
        for gateway in dict.fromkeys(gateway_names(service.gateways, namespace)):
            for i, host in enumerate(service.hosts):
                claim = (gateway, full_host(host, namespace))
                claims.setdefault(claim, []).append((service, i))
    for (gateway, host), claimants in claims.items():
        for service, i in claimants:
            rivals = (o for o, _ in claimants if o is not service and meet(o, service))
            others = tuple(islice(rivals, RIVALS))
            if not others:
                continue
            key, path = service.metadata.key, f"spec.hosts[{i}]"
            names = named(str(o.metadata.key) for o in others)
            if gateway == MESH:
                yield finding("IST0109", key, path, names, host, fix=oldest((service, *others)))
            else:
                yield finding("KIA1106", key, path, names, host, gateway)


def oldest(rivals: Iterable[VirtualService]) -> str:
    first = min(rivals, key=lambda one: one.metadata.age)
    return f"join the two; until then {first.metadata.key}, the older one, is in force"


def meet(one: VirtualService, other: VirtualService) -> bool:
    """Whether some namespace sees both."""
    visible, also = set(one.metadata.export_to), set(other.metadata.export_to)
    return "*" in visible or "*" in also or bool(visible & also)
