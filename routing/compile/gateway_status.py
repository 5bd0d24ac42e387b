"""What became of the Gateway API's objects: the conditions that Kubernetes shows as their status.

The answers come from what the conversion itself asks (routing.compile.gateway_attachment).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from routing.compile.gateway_attachment import (
    ACCEPTED,
    RESOLVED,
    Around,
    Place,
    admitted,
    attaches,
    certificate_reason,
    hosts_at,
    is_service,
    pods_of,
    refers,
    resolution,
)
from routing.contracts import ResourceKey
from routing.model import ApiGateway, ApiGatewayClass, ApiRoute
from routing.model.gateway_api import CONTROLLERS, Reference

MESSAGES = {
    ACCEPTED: "",
    RESOLVED: "",
    "Programmed": "",
    "NoConflicts": "",
    "NoMatchingParent": "the parent is not there, or has no such section or port",
    "NotAllowedByListeners": "no listener of the parent takes routes of this kind from here",
    "NoMatchingListenerHostname": "no host name is the route's and a listener's too",
    "UnsupportedValue": "a filter is not known",
    "InvalidKind": "a backend is no Service",
    "RefNotPermitted": "a ReferenceGrant is missing",
    "BackendNotFound": "a Service, or its port, is not there",
    "InvalidCertificateRef": "the certificate is not a Secret of the Gateway's namespace",
    "InvalidRouteKinds": "a kind of allowedRoutes does not go with the protocol",
    "UnsupportedProtocol": "this protocol is not served",
    "HostnameConflict": "another listener has the same port and host name",
    "ProtocolConflict": "another listener of the port has another protocol",
    "ListenersNotValid": "a listener is not valid",
    "Invalid": "nothing is served",
    "NoResources": "no gateway pod carries the Gateway's name in its labels",
    "Pending": "no gateway pod is ready yet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    type: str
    status: bool
    reason: str

    @property
    def message(self) -> str:
        return MESSAGES[self.reason]


Conditions = tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentStatus:
    parent: Reference
    conditions: Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStatus:
    parents: tuple[ParentStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerStatus:
    name: str
    kinds: tuple[str, ...]
    attached: int
    conditions: Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatus:
    """`addresses` are those of its pods."""

    addresses: tuple[str, ...]
    conditions: Conditions
    listeners: tuple[ListenerStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassStatus:
    conditions: Conditions


Status = RouteStatus | GatewayStatus | ClassStatus
Statuses = tuple[tuple[ResourceKey, Status], ...]


def statuses(
    classes: tuple[ApiGatewayClass, ...],
    gateways: tuple[ApiGateway, ...],
    routes: tuple[ApiRoute, ...],
    around: Around,
) -> Statuses:
    """Gateways and classes that others control have none from us."""
    found: list[tuple[ResourceKey, Status]] = [
        (c.metadata.key, ClassStatus(conditions=(condition(ACCEPTED, ACCEPTED),)))
        for c in classes
        if c.controller in CONTROLLERS
    ]
    for gateway in gateways:
        own = [place for place in around.places if place.gateway is gateway]
        if own:
            status = gateway_status(gateway, own, routes, around)
            found.append((gateway.metadata.key, status))
    for route in routes:
        parents = tuple(parent_status(route, parent, around) for parent in route.parents)
        found.append((route.metadata.key, RouteStatus(parents=parents)))
    return tuple(found)


def condition(kind: str, reason: str) -> Condition:
    """True where the reason is the condition's own name."""
    return Condition(type=kind, status=kind == reason, reason=reason)


# --- routes ------------------------------------------------------------------------------------


def parent_status(route: ApiRoute, parent: Reference, around: Around) -> ParentStatus:
    conditions = [
        condition(ACCEPTED, acceptance(route, parent, around)),
        condition(RESOLVED, references(route, parent, around)),
    ]
    unknown = [rule.route.direct_response is not None for rule in route.rules]
    if any(unknown) and not all(unknown):
        partly = Condition(type="PartiallyInvalid", status=True, reason="UnsupportedValue")
        conditions.append(partly)
    return ParentStatus(parent=parent, conditions=tuple(conditions))


def acceptance(route: ApiRoute, parent: Reference, around: Around) -> str:
    """The reason of the condition Accepted."""
    reason = attachment(route, parent, around)
    broken = bool(route.rules) and all(r.route.direct_response is not None for r in route.rules)
    return "UnsupportedValue" if broken and reason == ACCEPTED else reason


def attachment(route: ApiRoute, parent: Reference, around: Around) -> str:
    if is_service(parent):
        service = around.services.get((parent.namespace, parent.name))
        ports = {None, *(p.number for p in service.ports)} if service is not None else set()
        return ACCEPTED if parent.port in ports else "NoMatchingParent"
    places = [place for place in around.places if refers(parent, place)]
    if not places:
        return "NoMatchingParent"
    admitting = [p for p in places if p.is_served and admitted(route, p, around)]
    if not admitting:
        return "NotAllowedByListeners"
    if not any(host for place in admitting for host in hosts_at(route, place, around)):
        return "NoMatchingListenerHostname"
    return ACCEPTED


def references(route: ApiRoute, parent: Reference, around: Around) -> str:
    """The reason of the condition ResolvedRefs: the first that is wrong."""
    named = [b.reference for rule in route.rules for b in rule.backends]
    named += [m for rule in route.rules for m in rule.mirrors]
    named += [m for rule in route.rules for b in rule.backends for m in b.mirrors]
    granted = is_service(parent)
    reasons = (resolution(route, one, around, granted=granted) for one in named)
    return next((r for r in reasons if r != RESOLVED), RESOLVED)


# --- gateways ----------------------------------------------------------------------------------


def gateway_status(
    gateway: ApiGateway, own: list[Place], routes: tuple[ApiRoute, ...], around: Around
) -> GatewayStatus:
    listeners = tuple(listener_status(place, routes, around) for place in own)
    valid = [is_true(one.conditions, "Programmed") for one in listeners]
    pods = pods_of(gateway, around)
    ready = tuple(sorted({pod.address for pod in pods if pod.ready}))
    if not any(valid):
        programmed = "Invalid"
    elif not pods:
        programmed = "NoResources"
    else:
        programmed = "Programmed" if ready else "Pending"
    accepted = ACCEPTED if all(valid) else "ListenersNotValid"
    return GatewayStatus(
        addresses=ready,
        conditions=(
            # one bad listener does not take the others with it
            Condition(type=ACCEPTED, status=any(valid), reason=accepted),
            condition("Programmed", programmed),
        ),
        listeners=listeners,
    )


def is_true(conditions: Iterable[Condition], kind: str) -> bool:
    return any(one.type == kind and one.status for one in conditions)


def listener_status(place: Place, routes: tuple[ApiRoute, ...], around: Around) -> ListenerStatus:
    listener = place.listener
    certificate = certificate_reason(place, around)
    if listener.unknown_kinds and certificate == RESOLVED:
        resolved = "InvalidRouteKinds"
    else:
        resolved = certificate
    accepted = ACCEPTED if listener.is_supported else "UnsupportedProtocol"
    served = place.is_served and certificate == RESOLVED
    return ListenerStatus(
        name=listener.name,
        kinds=listener.route_kinds,
        attached=attached(place, routes, around),
        conditions=(
            condition(ACCEPTED, place.conflict or accepted),
            condition("Programmed", "Programmed" if served else "Invalid"),
            condition(RESOLVED, resolved),
            Condition(
                type="Conflicted",
                status=bool(place.conflict),
                reason=place.conflict or "NoConflicts",
            ),
        ),
    )


def attached(place: Place, routes: tuple[ApiRoute, ...], around: Around) -> int:
    """How many routes are for a listener."""
    return sum(
        any(attaches(route, parent, place, around) for parent in route.parents)
        and any(hosts_at(route, place, around))
        for route in routes
    )
