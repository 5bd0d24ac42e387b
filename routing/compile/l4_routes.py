"""A VirtualService's tcp and tls routes as one kind of client sees them."""

from routing.compile.http_routes import Client
from routing.compile.weights import Reachable, weighted_clusters
from routing.ir import Origin, WeightedCluster
from routing.model import VirtualService
from routing.model.gateway_names import gateway_names
from routing.model.virtual_service import L4Match, L4Route


def l4_clusters(
    service: VirtualService,
    routes: tuple[L4Route, ...],
    client: Client,
    port: int,
    known: Reachable,
) -> tuple[WeightedCluster, ...] | None:
    """Where the first route that applies leads; None if none applies."""
    for route in routes:
        if route_applies(service, route, client, port):
            namespace = service.metadata.key.namespace
            return weighted_clusters(route.route, namespace, port, known)
    return None


def route_applies(service: VirtualService, route: L4Route, client: Client, port: int) -> bool:
    namespace = service.metadata.key.namespace
    own = gateway_names(service.gateways, namespace)
    if not route.matches:
        return client.gateway in own
    return any(match_applies(m, own, namespace, client, port) for m in route.matches)


def match_applies(
    match: L4Match, own: tuple[str, ...], namespace: str, client: Client, port: int
) -> bool:
    return (
        client.gateway in (gateway_names(match.gateways, namespace) or own)
        and match.port in (None, port)
        and set(match.source_labels) <= set(client.labels)
        and match.source_namespace in ("", client.namespace)
    )


def l4_origin(service: VirtualService) -> Origin:
    return Origin(resource=service.metadata.key, path="spec.tcp" if service.tcp else "spec.tls")
