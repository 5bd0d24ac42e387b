"""Appender: how many pods are ready and wanted behind each workload, gateway and service."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from topology.contracts import NodeKind, Pod, PodPhase, Workload, selects
from topology.graph.draft import Context, Draft, Name


def replicas(draft: Draft, context: Context) -> None:
    """Pods on their way out do not count; a service has those of the workloads it selects."""
    ready = Counter((pod.namespace, pod.workload) for pod in context.registry.pods if _serves(pod))
    selected = _selected(context)
    for node in draft.nodes.values():
        name = (node.namespace, node.name)
        behind = selected.get(name, ()) if node.kind is NodeKind.SERVICE else (name,)
        workloads = [one for one in behind if one in context.workloads]
        node.pods_ready = sum(ready[one] for one in workloads)
        node.pods_desired = sum(context.workloads[one].replicas for one in workloads)


def _serves(pod: Pod) -> bool:
    return pod.ready and pod.phase is PodPhase.RUNNING


def _selected(context: Context) -> Mapping[Name, tuple[Name, ...]]:
    """The workloads of each service, by Kubernetes' rule: same namespace, labels selected."""
    labelled: dict[tuple[str, str, str], list[Workload]] = defaultdict(list)
    for workload in context.registry.workloads:
        for key, value in workload.labels:
            labelled[workload.namespace, key, value].append(workload)
    return {
        (service.namespace, service.name): tuple(
            (workload.namespace, workload.name)
            for workload in labelled[service.namespace, *service.selector[0]]
            if len(service.selector) == 1 or selects(service.selector, workload.labels)
        )
        for service in context.registry.services
        if service.selector
    }
