"""Which VirtualService a sidecar follows for a host."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from routing.model import Sidecar, VirtualService
from routing.model.gateway_names import MESH, gateway_names
from routing.model.hosts import covers, full_host, specificity


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshRoutes:
    """The VirtualServices of sidecars, each list oldest first; wildcards most specific first."""

    exact: Mapping[str, tuple[VirtualService, ...]] = field(default_factory=dict)
    wildcard: tuple[tuple[str, VirtualService], ...] = ()

    def find(self, host: str, client_namespace: str) -> VirtualService | None:
        """The oldest for the exact host, else for the most specific wildcard."""
        for service in self.exact.get(host, ()):
            if service.metadata.visible_to(client_namespace):
                return service
        for pattern, service in self.wildcard:
            if covers(pattern, host) and service.metadata.visible_to(client_namespace):
                return service
        return None

    def first(self, host: str) -> VirtualService | None:
        """The one that clients follow who see all of them."""
        exact = self.exact.get(host)
        if exact:
            return exact[0]
        return next((s for pattern, s in self.wildcard if covers(pattern, host)), None)

    def source_labels(self) -> frozenset[tuple[str, str]]:
        """Every label of a client that some route asks for."""
        every = [s for services in self.exact.values() for s in services]
        asked = (asks(s).labels for s in (*every, *(s for _, s in self.wildcard)))
        return frozenset().union(*asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What a VirtualService wants to know of the client."""

    labels: frozenset[tuple[str, str]]
    namespace: bool


def asks(service: VirtualService) -> Asks:
    matches = [
        match
        for routes in (service.http, service.tcp, service.tls)
        for route in routes
        for match in route.matches
    ]
    return Asks(
        labels=frozenset(pair for match in matches for pair in match.source_labels),
        namespace=any(match.source_namespace for match in matches),
    )


def mesh_routes(every: Iterable[VirtualService]) -> MeshRoutes:
    exact: dict[str, list[VirtualService]] = {}
    wildcard: list[tuple[str, VirtualService]] = []
    for service in sorted(every, key=lambda s: s.metadata.age):
        if not for_sidecars(service):
            continue
        for written in dict.fromkeys(service.hosts):
            host = full_host(written, service.metadata.key.namespace)
            if host.startswith("*"):
                wildcard.append((host, service))
            else:
                exact.setdefault(host, []).append(service)
    wildcard.sort(key=lambda pair: specificity(pair[0]))
    return MeshRoutes(
        exact={host: tuple(services) for host, services in exact.items()},
        wildcard=tuple(wildcard),
    )


def shown(routes: MeshRoutes, sidecar: Sidecar) -> MeshRoutes:
    """Those that a Sidecar shows."""
    exact = {
        host: tuple(s for s in services if sidecar.shows(s.metadata.key.namespace, host))
        for host, services in routes.exact.items()
    }
    return MeshRoutes(
        exact={host: services for host, services in exact.items() if services},
        wildcard=tuple(
            (pattern, service)
            for pattern, service in routes.wildcard
            if sidecar.shows(service.metadata.key.namespace, pattern)
        ),
    )


def for_sidecars(service: VirtualService) -> bool:
    return MESH in gateway_names(service.gateways, service.metadata.key.namespace)
