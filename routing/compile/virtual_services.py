"""Which VirtualService a sidecar follows for a host."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.compile.memo import Memo
from routing.model import Sidecar, VirtualService
from routing.model.gateway_names import MESH, gateway_names
from routing.model.hosts import covers, full_host, specificity


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshRoutes:
    """The VirtualServices of sidecars, each list oldest first; wildcards most specific first.

    `labels` are those of clients that some route asks for.
    """

    exact: Mapping[str, tuple[VirtualService, ...]] = field(default_factory=dict)
    wildcard: tuple[tuple[str, VirtualService], ...] = ()
    labels: frozenset[tuple[str, str]] = frozenset()

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


@dataclass(frozen=True, slots=True)
class Claim:
    """What a VirtualService is for: full hosts, and labels of clients that it asks for."""

    service: VirtualService
    hosts: tuple[str, ...]
    labels: frozenset[tuple[str, str]]


def claim(service: VirtualService) -> Claim:
    """No hosts, and nothing asked, where it is not for sidecars."""
    if not for_sidecars(service):
        return Claim(service, (), frozenset())
    namespace = service.metadata.key.namespace
    hosts = tuple(full_host(written, namespace) for written in dict.fromkeys(service.hosts))
    return Claim(service, hosts, asks(service).labels if hosts else frozenset())


def mesh_routes(memo: Memo, every: tuple[VirtualService, ...]) -> MeshRoutes:
    """`every` is given oldest first."""
    exact: dict[str, tuple[VirtualService, ...]] = {}
    wildcard: list[tuple[str, VirtualService]] = []
    claims = memo.each("claims", claim, (every,))
    for one in claims:
        for host in one.hosts:
            if host.startswith("*"):
                wildcard.append((host, one.service))
            else:
                exact[host] = (*exact.get(host, ()), one.service)
    wildcard.sort(key=lambda pair: specificity(pair[0]))
    return MeshRoutes(
        exact=exact,
        wildcard=tuple(wildcard),
        labels=frozenset().union(*[one.labels for one in claims if one.labels]),
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
