"""Appender: how many pods are ready and wanted behind each workload, gateway and service."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from topology.contracts import (
    GraphType,
    NodeKind,
    Pod,
    PodPhase,
    Registry,
    Service,
    Workload,
    selects,
)
from topology.graph.draft import Context, Draft
from topology.graph.lately import Lately
from topology.graph.places import Place, place_of


def replicas(draft: Draft, context: Context) -> None:
    """Pods on their way out do not count; a service has those of the workloads it selects."""
    nodes = draft.nodes
    for node_id, (ready, desired) in _pods(context.graph_type, context.registry).items():
        node = nodes.get(node_id)
        if node is not None:
            node.pods_ready, node.pods_desired = ready, desired


def _count(graph_type: GraphType, registry: Registry) -> Mapping[str, tuple[int, int]]:
    """How many pods are ready, and how many are wanted, by id of the node."""
    ready = Counter((pod.namespace, pod.workload) for pod in registry.pods if _serves(pod))
    found: dict[str, tuple[int, int]] = {}
    for node_id, workload in _behind(graph_type, registry):
        before = found.get(node_id, (0, 0))
        has = ready[workload.namespace, workload.name]
        found[node_id] = (before[0] + has, before[1] + workload.replicas)
    return found


_pods = Lately(_count)


def _serves(pod: Pod) -> bool:
    return pod.ready and pod.phase is PodPhase.RUNNING


def _behind(graph_type: GraphType, registry: Registry) -> Iterator[tuple[str, Workload]]:
    for workload in registry.workloads:
        yield place_of(workload, graph_type).id, workload
    labelled: dict[tuple[str, str, str], list[Workload]] = defaultdict(list)
    for workload in registry.workloads:
        for key, value in workload.labels:
            labelled[workload.namespace, key, value].append(workload)
    for service in registry.services:
        place = Place(NodeKind.SERVICE, service.namespace, service.name)
        for workload in _selected(service, labelled):
            yield place.id, workload


def _selected(
    service: Service, labelled: Mapping[tuple[str, str, str], list[Workload]]
) -> Iterator[Workload]:
    """By Kubernetes' rule: same namespace, labels selected."""
    if not service.selector:
        return
    for workload in labelled.get((service.namespace, *service.selector[0]), ()):
        if len(service.selector) == 1 or selects(service.selector, workload.labels):
            yield workload
