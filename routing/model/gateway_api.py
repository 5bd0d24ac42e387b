"""The Gateway API's kinds: routes, the listeners they are for, and who may refer to what."""

from dataclasses import dataclass

from routing.model.metadata import Metadata
from routing.model.virtual_service import HttpRoute
from topology.contracts import Labels

GROUP = "gateway.networking.k8s.io"
NAME_LABEL = "gateway.networking.k8s.io/gateway-name"
"""On the pods of a Gateway: its name."""
CONTROLLER = "meshweb.dev/gateway-controller"
CONTROLLERS = (CONTROLLER, "istio.io/gateway-controller")
"""Whose GatewayClasses are ours."""
ROUTE_KINDS = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute",),
    "TCP": ("TCPRoute",),
}
"""The kinds of routes that listeners of each protocol take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Another object, its defaults filled in."""

    kind: str
    namespace: str
    name: str
    group: str = ""
    port: int | None = None
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """`alone` is the rule's route as the backend's own filters change it, where they do more than
    change headers; `mirrors` are then the mirrors of that route."""

    reference: Reference
    weight: int = 1
    alone: HttpRoute | None = None
    mirrors: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRule:
    """One match of one rule; `rank` sorts the more specific ones first (smaller is earlier).

    `route` has everything but where it leads: its destinations have the order of `backends`, its
    mirrors that of `mirrors`.
    """

    route: HttpRoute
    backends: tuple[Backend, ...] = ()
    mirrors: tuple[Reference, ...] = ()
    rank: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRoute:
    """A route of any kind. No hostnames: any. The rules of TLSRoutes and TCPRoutes are for whole
    connections: of their routes only the destinations count."""

    metadata: Metadata
    parents: tuple[Reference, ...]
    hostnames: tuple[str, ...] = ()
    rules: tuple[ApiRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """One part of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Labels) -> bool:
        value = dict(labels).get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case _:
                return value is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """`namespaces` is "All", "Same", "Selector" or "None"; no `kinds`: all of its protocol.

    Kinds of other groups are written "group/Kind".
    """

    name: str
    port: int
    protocol: str
    hostname: str = ""
    passthrough: bool = False
    certificate: Reference | None = None
    namespaces: str = "Same"
    labels: Labels = ()
    expressions: tuple[Expression, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return self.hostname or "*"

    @property
    def is_supported(self) -> bool:
        return self.protocol in ROUTE_KINDS

    @property
    def family(self) -> str:
        """Only listeners of one family can share a port: TLS ones are told apart by name."""
        return "TLS" if self.protocol == "HTTPS" else self.protocol

    @property
    def has_hosts(self) -> bool:
        """Whether it can be told from others of its port by a host name."""
        return self.protocol in ("HTTP", "HTTPS", "TLS")

    @property
    def terminates(self) -> bool:
        return self.protocol in ("HTTPS", "TLS") and not self.passthrough

    @property
    def route_kinds(self) -> tuple[str, ...]:
        """The kinds of routes it takes."""
        known = ROUTE_KINDS.get(self.protocol, ())
        return tuple(kind for kind in known if not self.kinds or kind in self.kinds)

    @property
    def unknown_kinds(self) -> bool:
        return not set(self.kinds) <= set(ROUTE_KINDS.get(self.protocol, ()))

    def admits(self, kind: str) -> bool:
        return kind in self.route_kinds

    def admits_from(self, namespace: str, own: str, labels: Labels) -> bool:
        match self.namespaces:
            case "All":
                return True
            case "Same":
                return namespace == own
            case "Selector":
                fits = set(self.labels) <= set(labels)
                return fits and all(e.holds(labels) for e in self.expressions)
            case _:
                return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiGatewayClass:
    metadata: Metadata
    controller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiGateway:
    """`addresses` are host names of Services whose pods serve it; none: pods with its label."""

    metadata: Metadata
    class_name: str = ""
    listeners: tuple[Listener, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who (group, kind, namespace) may refer to what (group, kind, name or "") of a namespace."""

    metadata: Metadata
    sources: tuple[tuple[str, str, str], ...]
    targets: tuple[tuple[str, str, str], ...]

    def allows(self, source: tuple[str, str, str], target: Reference) -> bool:
        return (
            self.metadata.key.namespace == target.namespace
            and source in self.sources
            and any(
                (group, kind) == (target.group, target.kind) and name in ("", target.name)
                for group, kind, name in self.targets
            )
        )
