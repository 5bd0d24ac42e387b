"""A VirtualService's http routes as one kind of client sees them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from routing.compile.mirrors import mirrors
from routing.compile.retry import DEFAULT, retry
from routing.compile.upstreams import Upstream, UpstreamPort
from routing.compile.weights import Reachable, weighted_clusters
from routing.ir import (
    DirectResponse,
    MatchKind,
    Origin,
    Redirect,
    Rewrite,
    Route,
    RouteMatch,
    StringMatch,
    WeightedCluster,
)
from routing.model import VirtualService
from routing.model.gateway_names import MESH, gateway_names
from routing.model.hosts import full_host
from routing.model.re2 import refusal
from routing.model.virtual_service import HttpMatch, HttpRoute
from topology.contracts import Labels

HOST_HEADERS = ("host", ":authority")
NO_BACKEND = DirectResponse(status=503, body="no destination of this route exists")
EVERYTHING = RouteMatch()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who asks: sidecars ("mesh") or a gateway "namespace/name", in which namespace, with labels."""

    gateway: str = MESH
    namespace: str = ""
    labels: Labels = ()


def default_route(upstream: Upstream, port: UpstreamPort, cluster: str, known: Reachable) -> Route:
    """Where no VirtualService says anything: the whole service."""
    clusters = (WeightedCluster(cluster=cluster),)
    return Route(
        name="default",
        clusters=clusters,
        hashing=known.hashing_of(clusters),
        retry=DEFAULT,
        service_namespace=upstream.namespace,
        service_name=upstream.name,
        match=EVERYTHING if port.protocol.is_http else RouteMatch(connect=True),
    )


def http_routes(
    service: VirtualService, client: Client, port: int, known: Reachable
) -> tuple[Route, ...]:
    """Routes in order, up to the first that takes everything."""
    routes: list[Route] = []
    for i, given in enumerate(service.http):
        for route in alternatives(service, i, given, client, port, known):
            routes.append(route)
            if route.match == EVERYTHING:
                return tuple(routes)
    return tuple(routes)


def alternatives(
    service: VirtualService,
    index: int,
    given: HttpRoute,
    client: Client,
    port: int,
    known: Reachable,
) -> Iterator[Route]:
    """One route per match that can hold for this client and port."""
    namespace = service.metadata.key.namespace
    own = gateway_names(service.gateways, namespace)
    name = given.name or f"{namespace}/{service.metadata.key.name}:{index}"
    path = given.home_path or f"spec.http[{index}]"
    if not given.matches:
        if client.gateway in own:
            yield http_route(service, given, EVERYTHING, name, path, port, known)
        return
    for j, match in enumerate(given.matches):
        if applies(match, own, namespace, client, port) and has_valid_expressions(match):
            label = f"{name}.{match.name or j}" if len(given.matches) > 1 or match.name else name
            where = match.home_path or f"{path}.match[{j}]"
            made = http_route(service, given, route_match(match), label, where, port, known)
            yield replace(made, stat_prefix=match.stat_prefix) if match.stat_prefix else made


def applies(
    match: HttpMatch, own: tuple[str, ...], namespace: str, client: Client, port: int
) -> bool:
    """Whether the parts of a match that are known beforehand hold."""
    gateways = gateway_names(match.gateways, namespace) or own
    return (
        client.gateway in gateways
        and match.port in (None, port)
        and set(match.source_labels) <= set(client.labels)
        and match.source_namespace in ("", client.namespace)
    )


def has_valid_expressions(match: HttpMatch) -> bool:
    """Envoy refuses a whole route configuration for one expression that is no RE2."""
    given = [h.match for h in match.headers] + [q.match for q in match.query]
    given += [match.uri] if match.uri else []
    return all(m.kind is not MatchKind.REGEX or refusal(m.value) is None for m in given)


def route_match(match: HttpMatch) -> RouteMatch:
    path = match.uri
    if path is None or path.kind is MatchKind.PRESENT:
        path = StringMatch(kind=MatchKind.PREFIX, value="/")
    return RouteMatch(path=path, headers=match.headers, query=match.query, percent=match.percent)


def http_route(
    service: VirtualService,
    given: HttpRoute,
    match: RouteMatch,
    name: str,
    path: str,
    port: int,
    known: Reachable,
) -> Route:
    written_in = given.home or service.metadata.key
    namespace = written_in.namespace
    clusters = weighted_clusters(given.route, namespace, port, known)
    missing = bool(given.route) and not clusters
    delegated = not (given.route or given.redirect or given.direct_response)
    target = destination(given, namespace, known)
    return Route(
        name=name,
        match=match,
        clusters=clusters,
        direct_response=NO_BACKEND if missing or delegated else given.direct_response,
        redirect=redirect(given, port),
        rewrite=rewrite(given),
        timeout_ms=given.timeout_ms or None,
        retry=retry(given.retries) if clusters else None,
        request_headers=replace(
            given.request_headers,
            set=tuple(pair for pair in given.request_headers.set if pair[0] not in HOST_HEADERS),
        ),
        response_headers=given.response_headers,
        service_namespace=target.namespace if target else "",
        service_name=target.name if target else "",
        origin=Origin(resource=written_in, path=path),
        fault=given.fault,
        mirrors=mirrors(given.mirrors, namespace, port, known) if clusters else (),
        cors=given.cors,
        hashing=known.hashing_of(clusters),
    )


def destination(given: HttpRoute, namespace: str, known: Reachable) -> Upstream | None:
    """The upstream telemetry counts the route under: the first that exists (as Istio)."""
    for one in given.route:
        found = known.upstream(full_host(one.destination.host, namespace))
        if found is not None:
            return found
    return None


def redirect(given: HttpRoute, port: int) -> Redirect | None:
    to = given.redirect
    if to is None:
        return None
    return Redirect(
        status=to.code,
        scheme=to.scheme,
        host=to.authority,
        port=port if to.request_port else to.port,
        path=to.uri,
        prefix=to.prefix,
        pattern=to.pattern,
    )


def rewrite(given: HttpRoute) -> Rewrite | None:
    """A Host that is set among the headers is a rewrite too (as in Istio)."""
    set_host = next((v for name, v in given.request_headers.set if name in HOST_HEADERS), "")
    path = given.rewrite.uri if given.rewrite else ""
    host = given.rewrite.authority if given.rewrite else ""
    pattern = given.rewrite.pattern if given.rewrite else ""
    if not given.route or not (path or host or set_host or pattern):
        return None
    return Rewrite(path=path, host=host or set_host, pattern=pattern)
