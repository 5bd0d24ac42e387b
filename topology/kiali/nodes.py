"""Nodes and edges of Kiali's graph, and what makes a node one and the same."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from topology.kiali.asked import UNKNOWN, GraphType

EGRESS_CLUSTERS = frozenset({"PassthroughCluster", "BlackHoleCluster"})


class NodeType(StrEnum):
    AGGREGATE = "aggregate"
    APP = "app"
    BOX = "box"
    SERVICE = "service"
    UNKNOWN = "unknown"
    WORKLOAD = "workload"


class Place(NamedTuple):
    """One end of a connection as a series names it."""

    cluster: str
    service_namespace: str
    service: str
    workload_namespace: str
    workload: str
    app: str
    version: str

    @property
    def namespace(self) -> str:
        return self.workload_namespace if told(self.workload_namespace) else self.service_namespace


class ServiceName(NamedTuple):
    cluster: str
    namespace: str
    name: str


@dataclass(slots=True)
class Response:
    """Rates of one response code, by Envoy's flags and by the host that was asked for."""

    flags: dict[str, float] = field(default_factory=dict)
    hosts: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Node:
    """`rates` by Kiali's names. `place` is how the series that was read last named it.

    `extra` are the fields that appenders add to its JSON.
    """

    id: str
    type: NodeType
    cluster: str
    namespace: str
    workload: str
    app: str
    version: str
    service: str
    place: Place
    edges: "list[Edge]" = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)
    requested: set[ServiceName] = field(default_factory=set)
    waypoint: bool = False
    outside: bool = False
    inaccessible: bool = False
    root: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Edge:
    """Traffic of one protocol. `counted` are the series in it, so that none counts twice."""

    source: Node
    target: Node
    protocol: str
    rates: dict[str, float] = field(default_factory=dict)
    responses: dict[str, Response] = field(default_factory=dict)
    counted: set[object] = field(default_factory=set)
    extra: dict[str, Any] = field(default_factory=dict)


TrafficMap = dict[str, Node]
"""Nodes by id."""


def told(value: str) -> bool:
    """A label that says something."""
    return value not in ("", UNKNOWN)


def identity(place: Place, graph_type: GraphType) -> tuple[str, NodeType] | None:
    """The id and type of the node there; None where nothing names it."""
    cluster, namespace = place.cluster, place.namespace
    nobody = place.workload == place.app == UNKNOWN
    if nobody and namespace == UNKNOWN and not place.service:
        return f"{cluster}_unknown_source", NodeType.UNKNOWN
    if nobody and place.service == UNKNOWN:
        return f"svc_{cluster}_{namespace}_unknown", NodeType.SERVICE
    if not any(map(told, (place.workload, place.app, place.service))):
        return None
    if told(place.app) and graph_type.of_apps:
        return _app_id(place, graph_type), NodeType.APP
    if told(place.workload):
        return f"wl_{cluster}_{namespace}_{place.workload}", NodeType.WORKLOAD
    service = place.service if told(place.service) else UNKNOWN
    return f"svc_{cluster}_{namespace}_{service}", NodeType.SERVICE


def _app_id(place: Place, graph_type: GraphType) -> str:
    """A version of an app is known by its workload, which labels cannot confuse."""
    home = f"{place.cluster}_{place.namespace}"
    if graph_type is GraphType.VERSIONED_APP:
        if told(place.workload):
            return f"vapp_{home}_{place.workload}"
        if told(place.version) and place.version != "latest":
            return f"vapp_{home}_{place.app}_{place.version}"
    return f"app_{home}_{place.app}"


def node_at(place: Place, graph_type: GraphType) -> Node | None:
    """A node with the names that its type has."""
    found = identity(place, graph_type)
    if found is None:
        return None
    node_id, kind = found
    workload, app, version, service = place.workload, place.app, place.version, place.service
    if kind is NodeType.APP:
        service = ""
        if graph_type is not GraphType.VERSIONED_APP:
            workload = version = ""
    elif kind is NodeType.SERVICE:
        workload = app = version = ""
    elif kind is NodeType.WORKLOAD:
        service = ""
        app = "" if app == UNKNOWN else app
        version = "" if version == UNKNOWN else version
    return Node(
        id=node_id,
        type=kind,
        cluster=place.cluster,
        namespace=place.namespace,
        workload=workload,
        app=app,
        version=version,
        service=service,
        place=place,
    )
