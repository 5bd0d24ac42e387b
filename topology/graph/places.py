"""Which nodes an edge key stands between."""

from typing import NamedTuple

from telemetry.contracts import EdgeKey
from topology.contracts import NodeKind
from topology.graph.accounting import UNKNOWN
from topology.graph.draft import Context

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


NOBODY = Place(NodeKind.UNKNOWN, "", "unknown")


class Guide:
    """Names the nodes that traffic passes; `places` are all it has named, in order of first use."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._indexes: dict[Place, int] = {}
        self._workloads: dict[tuple[str, str], int | None] = {}
        self._services: dict[tuple[str, str], int | None] = {}

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._indexes)

    def path(self, key: EdgeKey) -> tuple[int, ...]:
        """Indexes into `places` of the two or three nodes that this traffic passes, in order.

        Kiali's way: the service stands between the workloads, for HTTP and TCP alike. Without a
        destination workload (no healthy host, or a host outside) the path ends at the service.
        """
        source = self._workload(key.source_namespace, key.source_workload)
        service = self._service(key.destination_service_namespace, key.destination_service)
        target = self._workload(key.destination_namespace, key.destination_workload)
        if source is None:
            source = self._index(NOBODY)
        if service is None:
            return (source, self._index(NOBODY) if target is None else target)
        return (source, service) if target is None else (source, service, target)

    def _index(self, place: Place) -> int:
        return self._indexes.setdefault(place, len(self._indexes))

    def _workload(self, namespace: str, name: str) -> int | None:
        try:
            return self._workloads[namespace, name]
        except KeyError:
            place = workload_place(namespace, name, self._context)
            index = None if place is None else self._index(place)
            self._workloads[namespace, name] = index
            return index

    def _service(self, namespace: str, host: str) -> int | None:
        try:
            return self._services[namespace, host]
        except KeyError:
            place = service_place(namespace, host, self._context)
            index = None if place is None else self._index(place)
            self._services[namespace, host] = index
            return index


def workload_place(namespace: str, name: str, context: Context) -> Place | None:
    if name in _NOWHERE:
        return None
    known = context.workloads.get((namespace, name))
    kind = NodeKind.GATEWAY if known is not None and known.gateway else NodeKind.WORKLOAD
    return Place(kind, "" if namespace in _NOWHERE else namespace, name)


def service_place(namespace: str, host: str, context: Context) -> Place | None:
    """The service or, for a host that is none of the mesh's, the outside."""
    if host in _NOWHERE:
        return None
    namespace = "" if namespace in _NOWHERE else namespace
    if host.endswith(CLUSTER_SUFFIX):
        name, _, home = host.removesuffix(CLUSTER_SUFFIX).rpartition(".")
        return Place(NodeKind.SERVICE, home, name)
    if (namespace, host) in context.services:
        return Place(NodeKind.SERVICE, namespace, host)
    return Place(NodeKind.EXTERNAL, namespace, host)
