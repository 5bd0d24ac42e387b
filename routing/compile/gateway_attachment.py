"""Which routes of the Gateway API are for which listeners, and which objects they may refer to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from routing.contracts import ResourceKey
from routing.model import ApiGateway, ApiGatewayClass, ApiRoute, Grant
from routing.model.gateway_api import CONTROLLERS, GROUP, NAME_LABEL, Listener, Reference
from routing.model.hosts import covers
from topology.contracts import Labels, Pod, Registry, Service, selects

RESOLVED = "ResolvedRefs"
ACCEPTED = "Accepted"
Secrets = frozenset[tuple[str, str]]
"""(namespace, name) of the certificates there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One listener of one gateway. `conflict` is the reason why it cannot be served."""

    gateway: ApiGateway
    listener: Listener
    index: int
    conflict: str = ""

    @property
    def name(self) -> str:
        key = self.gateway.metadata.key
        return f"{key.namespace}/{key.name}~{self.listener.name}"

    @property
    def is_served(self) -> bool:
        return not self.conflict and self.listener.is_supported


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the Gateway API's objects refer to."""

    services: Mapping[tuple[str, str], Service]
    namespaces: Mapping[str, Labels]
    pods: tuple[Pod, ...]
    grants: tuple[Grant, ...]
    secrets: Secrets
    places: tuple[Place, ...]


def surroundings(
    gateways: tuple[ApiGateway, ...],
    classes: tuple[ApiGatewayClass, ...],
    grants: tuple[Grant, ...],
    registry: Registry,
    secrets: Secrets,
) -> Around:
    """Gateways of classes that others control are left to them."""
    foreign = {c.metadata.key.name for c in classes if c.controller not in CONTROLLERS}
    return Around(
        services={(s.namespace, s.name): s for s in registry.services},
        namespaces={n.name: n.labels for n in registry.namespaces},
        pods=tuple(pod for pod in registry.pods if pod.gateway),
        grants=grants,
        secrets=secrets,
        places=tuple(place for g in gateways if g.class_name not in foreign for place in places(g)),
    )


def places(gateway: ApiGateway) -> Iterator[Place]:
    for i, one in enumerate(gateway.listeners):
        reasons = [conflict(one, o) for j, o in enumerate(gateway.listeners) if i != j]
        worst = next((reason for reason in sorted(reasons) if reason), "")
        yield Place(gateway=gateway, listener=one, index=i, conflict=worst)


def conflict(one: Listener, other: Listener) -> str:
    """Why two listeners cannot be served side by side: neither of them wins."""
    if one.port != other.port:
        return ""
    if one.family != other.family:
        return "ProtocolConflict"
    same = one.host == other.host or not one.has_hosts
    return "HostnameConflict" if same else ""


# --- which pods serve a gateway ----------------------------------------------------------------


def selector_of(gateway: ApiGateway, around: Around) -> Labels:
    """Pods of the Service that an address names, else those with the gateway's label."""
    key = gateway.metadata.key
    for address in gateway.addresses:
        name, _, rest = address.partition(".")
        service = around.services.get((rest.partition(".")[0] or key.namespace, name))
        if service is not None:
            return service.selector
    return ((NAME_LABEL, key.name),)


def pods_of(gateway: ApiGateway, around: Around) -> tuple[Pod, ...]:
    selector, namespace = selector_of(gateway, around), gateway.metadata.key.namespace
    return tuple(
        pod for pod in around.pods if pod.namespace == namespace and selects(selector, pod.labels)
    )


# --- routes and listeners ----------------------------------------------------------------------


def attaches(route: ApiRoute, parent: Reference, place: Place, around: Around) -> bool:
    return place.is_served and refers(parent, place) and admitted(route, place, around)


def refers(parent: Reference, place: Place) -> bool:
    key = place.gateway.metadata.key
    return (
        (parent.group, parent.kind) == (GROUP, "Gateway")
        and (parent.namespace, parent.name) == (key.namespace, key.name)
        and parent.section in ("", place.listener.name)
        and parent.port in (None, place.listener.port)
    )


def admitted(route: ApiRoute, place: Place, around: Around) -> bool:
    key = route.metadata.key
    labels = around.namespaces.get(key.namespace, ())
    own = place.gateway.metadata.key.namespace
    return place.listener.admits(key.kind) and place.listener.admits_from(
        key.namespace, own, labels
    )


def hosts_at(route: ApiRoute, place: Place, around: Around) -> Iterator[str]:
    """Where names of the route and of the listener meet, but for what a nearer listener has."""
    own = place.listener.host
    nearer = [
        other.listener.host
        for other in around.places
        if other.gateway is place.gateway
        and other.is_served
        and other.listener.port == place.listener.port
        and other.listener.host != own
        and covers(own, other.listener.host)
    ]
    met = (meeting(own, written) for written in route.hostnames or ("*",))
    for host in dict.fromkeys(met):
        if host is not None and not any(covers(name, host) for name in nearer):
            yield host


def meeting(listener: str, written: str) -> str | None:
    """The narrower of two names; None where they have nothing in common."""
    if covers(listener, written):
        return written
    return listener if covers(written, listener) else None


# --- references --------------------------------------------------------------------------------


def is_service(reference: Reference) -> bool:
    return (reference.group, reference.kind) == ("", "Service")


def resolution(
    route: ApiRoute, backend: Reference, around: Around, *, granted: bool = False
) -> str:
    """The reason of the condition ResolvedRefs for one backend.

    `granted`: between the mesh's own services nobody needs a grant.
    """
    if not is_service(backend):
        return "InvalidKind"
    key = route.metadata.key
    if not (granted or permitted(key, backend, around)):
        return "RefNotPermitted"
    service = around.services.get((backend.namespace, backend.name))
    if service is None or backend.port not in {p.number for p in service.ports}:
        return "BackendNotFound"
    return RESOLVED


def permitted(key: ResourceKey, target: Reference, around: Around) -> bool:
    if target.namespace == key.namespace:
        return True
    return any(grant.allows((GROUP, key.kind, key.namespace), target) for grant in around.grants)


def certificate_reason(place: Place, around: Around) -> str:
    """The reason of the condition ResolvedRefs for a listener's certificate."""
    listener, key = place.listener, place.gateway.metadata.key
    if not listener.terminates:
        return RESOLVED
    given = listener.certificate
    if given is None or (given.group, given.kind) != ("", "Secret"):
        return "InvalidCertificateRef"
    if not permitted(key, given, around):
        return "RefNotPermitted"
    # a gateway's pods are given the certificates of their own namespace only
    known = given.namespace == key.namespace and (given.namespace, given.name) in around.secrets
    return RESOLVED if known else "InvalidCertificateRef"


Usable = Callable[[Reference], bool]
