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
        return f"{self.kind.value}:{self.namespace}/{self.name}"


NOBODY = Place(NodeKind.UNKNOWN, "", "unknown")


def path(key: EdgeKey, context: Context) -> tuple[Place, ...]:
    """The nodes that this traffic passes in order, two or three of them.

    Kiali's way: the service stands between the workloads, for HTTP and TCP alike. Without a
    destination workload (no healthy host, or a host outside) the path ends at the service.
    """
    source = _workload(key.source_namespace, key.source_workload, context) or NOBODY
    service = _service(key, context)
    target = _workload(key.destination_namespace, key.destination_workload, context)
    stops = tuple(stop for stop in (service, target) if stop is not None)
    return (source, *(stops or (NOBODY,)))


def _workload(namespace: str, name: str, context: Context) -> Place | None:
    if name in _NOWHERE:
        return None
    known = context.workloads.get((namespace, name))
    kind = NodeKind.GATEWAY if known is not None and known.gateway else NodeKind.WORKLOAD
    return Place(kind, "" if namespace in _NOWHERE else namespace, name)


def _service(key: EdgeKey, context: Context) -> Place | None:
    """The service or, for a host that is none of the mesh's, the outside."""
    host = key.destination_service
    if host in _NOWHERE:
        return None
    namespace = key.destination_service_namespace
    namespace = "" if namespace in _NOWHERE else namespace
    if host.endswith(CLUSTER_SUFFIX):
        name, _, home = host.removesuffix(CLUSTER_SUFFIX).rpartition(".")
        return Place(NodeKind.SERVICE, home, name)
    if (namespace, host) in context.services:
        return Place(NodeKind.SERVICE, namespace, host)
    return Place(NodeKind.EXTERNAL, namespace, host)
