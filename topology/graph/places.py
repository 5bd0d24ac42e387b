"""Which nodes an edge key stands between."""

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from telemetry.contracts import EdgeKey
from topology.contracts import GraphType, NodeKind, Registry, Workload
from topology.graph.accounting import UNKNOWN
from topology.graph.draft import Name, services_of, workloads_of

CLUSTER_SUFFIX = ".svc.cluster.local"
_NOWHERE = frozenset({"", UNKNOWN})


class Place(NamedTuple):
    """What names a node."""

    kind: NodeKind
    namespace: str
    name: str

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}"


def place_of(workload: Workload, graph_type: GraphType) -> Place:
    """Where a workload is drawn; a gateway is itself in every graph."""
    if workload.gateway:
        return Place(NodeKind.GATEWAY, workload.namespace, workload.name)
    if graph_type is GraphType.APP:
        return Place(NodeKind.APP, workload.namespace, workload.app)
    if graph_type is GraphType.VERSIONED_APP:
        name = f"{workload.app} {workload.version}".rstrip()
        return Place(NodeKind.APP, workload.namespace, name)
    return Place(NodeKind.WORKLOAD, workload.namespace, workload.name)


NOBODY = Place(NodeKind.UNKNOWN, "", "unknown")


class Guide:
    """Names the nodes that traffic passes; `places` are all it has named, in order of first use."""

    def __init__(self, graph_type: GraphType, registry: Registry) -> None:
        self._graph_type = graph_type
        self._known = workloads_of(registry)
        self._named = services_of(registry)
        self._indexes: dict[Place, int] = {}
        self._workloads: dict[tuple[str, str], int | None] = {}
        self._services: dict[tuple[str, str], int | None] = {}

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._indexes)

    def hops(
        self, key: EdgeKey, serving: Mapping[Name, Collection[Name]]
    ) -> Iterable[tuple[int, int]]:
        """The edges that this traffic is part of, by indexes into `places`.

        `serving` has the services (namespace, host) that each workload answers; a graph of
        services draws what a workload calls as calls of each of them.
        """
        if self._graph_type is not GraphType.SERVICE:
            return pairwise(self.path(key))
        service = self._service(key.destination_service_namespace, key.destination_service)
        if service is None:
            return pairwise(self.path(key))
        callers = serving.get((key.source_namespace, key.source_workload), ())
        named = [self._service(*caller) for caller in callers]
        return [(caller, service) for caller in named if caller is not None] or [
            (self._source(key), service)
        ]

    def path(self, key: EdgeKey) -> tuple[int, ...]:
        """Indexes into `places` of the two or three nodes that this traffic passes, in order.

        Kiali's way: the service stands between the workloads, for HTTP and TCP alike. Without a
        destination workload (no healthy host, or a host outside) the path ends at the service.
        """
        source = self._source(key)
        service = self._service(key.destination_service_namespace, key.destination_service)
        target = self._workload(key.destination_namespace, key.destination_workload)
        if service is None:
            return (source, self._index(NOBODY) if target is None else target)
        return (source, service) if target is None else (source, service, target)

    def _source(self, key: EdgeKey) -> int:
        found = self._workload(key.source_namespace, key.source_workload)
        return self._index(NOBODY) if found is None else found

    def _index(self, place: Place) -> int:
        return self._indexes.setdefault(place, len(self._indexes))

    def _workload(self, namespace: str, name: str) -> int | None:
        try:
            return self._workloads[namespace, name]
        except KeyError:
            place = self._workload_place(namespace, name)
            index = None if place is None else self._index(place)
            self._workloads[namespace, name] = index
            return index

    def _service(self, namespace: str, host: str) -> int | None:
        try:
            return self._services[namespace, host]
        except KeyError:
            place = self._service_place(namespace, host)
            index = None if place is None else self._index(place)
            self._services[namespace, host] = index
            return index

    def _workload_place(self, namespace: str, name: str) -> Place | None:
        if name in _NOWHERE:
            return None
        known = self._known.get((namespace, name))
        if known is None:
            known = Workload(namespace="" if namespace in _NOWHERE else namespace, name=name)
        return place_of(known, self._graph_type)

    def _service_place(self, namespace: str, host: str) -> Place | None:
        """The service or, for a host that is none of the mesh's, the outside."""
        if host in _NOWHERE:
            return None
        namespace = "" if namespace in _NOWHERE else namespace
        if host.endswith(CLUSTER_SUFFIX):
            name, _, home = host.removesuffix(CLUSTER_SUFFIX).rpartition(".")
            return Place(NodeKind.SERVICE, home, name)
        if (namespace, host) in self._named:
            return Place(NodeKind.SERVICE, namespace, host)
        return Place(NodeKind.EXTERNAL, namespace, host)
