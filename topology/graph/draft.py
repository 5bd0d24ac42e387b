"""A graph while its appenders work on it, and what an appender is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from topology.contracts import (
    Graph,
    GraphEdge,
    GraphNode,
    GraphType,
    Health,
    NodeKind,
    Registry,
    Service,
    Workload,
)
from topology.graph.lately import Lately
from topology.graph.window import Totals
from topology.health import Outcomes

Name = tuple[str, str]
"""(namespace, name)"""


def _workloads(registry: Registry) -> Mapping[Name, Workload]:
    return {(one.namespace, one.name): one for one in registry.workloads}


def _services(registry: Registry) -> Mapping[Name, Service]:
    return {(one.namespace, one.name): one for one in registry.services}


workloads_of = Lately(_workloads)
services_of = Lately(_services)


@dataclass(frozen=True, slots=True)
class Context:
    """What every appender may read: the counts, the registry, and its indexes."""

    at: float
    window_seconds: int
    totals: Totals
    registry: Registry
    workloads: Mapping[Name, Workload]
    services: Mapping[Name, Service]
    graph_type: GraphType = GraphType.WORKLOAD

    @staticmethod
    def of(
        at: float,
        window_seconds: int,
        totals: Totals,
        registry: Registry,
        graph_type: GraphType = GraphType.WORKLOAD,
    ) -> "Context":
        return Context(
            at=at,
            window_seconds=window_seconds,
            totals=totals,
            registry=registry,
            workloads=workloads_of(registry),
            services=services_of(registry),
            graph_type=graph_type,
        )


@dataclass(slots=True)
class NodeDraft:
    """A node in the making. `inbound` and `outbound` are requests per second by outcome.

    `busy`: it took part in any traffic, TCP included.
    """

    kind: NodeKind
    namespace: str
    name: str
    app: str = ""
    version: str = ""
    health: Health = Health.IDLE
    pods_ready: int = 0
    pods_desired: int = 0
    inbound: Outcomes = Outcomes()  # noqa: RUF009  a NamedTuple is immutable
    outbound: Outcomes = Outcomes()  # noqa: RUF009
    busy: bool = False
    badges: tuple[str, ...] = ()

    @property
    def traffic(self) -> Outcomes:
        """What it answers; of a node that nobody calls, what it sends."""
        return self.inbound if self.inbound.requests else self.outbound

    def finished(self, node_id: str) -> GraphNode:
        traffic = self.traffic
        return GraphNode(
            node_id,
            self.kind,
            self.namespace,
            self.name,
            self.app,
            self.version,
            self.health,
            self.pods_ready,
            self.pods_desired,
            traffic.requests,
            traffic.error_ratio,
            self.badges,
        )


@dataclass(slots=True)
class Draft:
    """Nodes and edges by id; belongs to one build, whose appenders work on it in turn."""

    nodes: dict[str, NodeDraft] = field(default_factory=dict)
    edges: dict[str, GraphEdge] = field(default_factory=dict)

    def finished(self, context: Context) -> Graph:
        return Graph(
            at=context.at,
            window_seconds=context.window_seconds,
            nodes=tuple(self.nodes[key].finished(key) for key in sorted(self.nodes)),
            edges=tuple(self.edges[key] for key in sorted(self.edges)),
        )


class Appender(Protocol):
    """One step of a build: adds nodes, edges or facts about them to the draft.

    It MUST depend on nothing but the draft and the context, and MUST leave every edge with both
    its nodes in the draft. It MAY replace an edge by a changed copy under the same id.
    """

    def __call__(self, draft: Draft, context: Context, /) -> None: ...
