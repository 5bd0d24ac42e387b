"""The Gateway API's kinds: routes, the listeners they are for, and who may refer to what."""

from dataclasses import dataclass

from routing.model.metadata import Metadata
from routing.model.virtual_service import HttpRoute
from topology.contracts import Labels

GROUP = "gateway.networking.k8s.io"
NAME_LABEL = "gateway.networking.k8s.io/gateway-name"
"""On the pods of a Gateway: its name."""


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
    """An HTTPRoute or a GRPCRoute. No hostnames: any."""

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
    """`namespaces` is "All", "Same", "Selector" or "None"; no `kinds`: all of its protocol."""

    name: str
    port: int
    protocol: str
    hostname: str = ""
    certificate: Reference | None = None
    namespaces: str = "Same"
    labels: Labels = ()
    expressions: tuple[Expression, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return self.hostname or "*"

    def admits(self, kind: str) -> bool:
        return kind in (self.kinds or ("HTTPRoute", "GRPCRoute"))

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
class ApiGateway:
    """`addresses` are host names of Services whose pods serve it; none: pods with its label."""

    metadata: Metadata
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
