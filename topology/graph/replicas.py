"""Appender: how many pods are ready and wanted behind each workload, gateway and service."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from topology.contracts import GraphType, NodeKind, Pod, PodPhase, Workload, selects
from topology.graph.draft import Context, Draft, Name
from topology.graph.places import place_of


def replicas(draft: Draft, context: Context) -> None:
    """Pods on their way out do not count; a service has those of the workloads it selects."""
    ready = Counter((pod.namespace, pod.workload) for pod in context.registry.pods if _serves(pod))
    selected = _selected(context)
    apps = _apps(context)
    for node in draft.nodes.values():
        name = (node.namespace, node.name)
        if node.kind is NodeKind.SERVICE:
            behind = selected.get(name, ())
        else:
            behind = tuple(apps.get(name, ())) if node.kind is NodeKind.APP else (name,)
        workloads = [one for one in behind if one in context.workloads]
        node.pods_ready = sum(ready[one] for one in workloads)
        node.pods_desired = sum(context.workloads[one].replicas for one in workloads)


def _serves(pod: Pod) -> bool:
    return pod.ready and pod.phase is PodPhase.RUNNING


def _apps(context: Context) -> Mapping[Name, Collection[Name]]:
    """The workloads of each app, or of each version, by the name of its node."""
    found: dict[Name, list[Name]] = defaultdict(list)
    if context.graph_type in (GraphType.APP, GraphType.VERSIONED_APP):
        for workload in context.registry.workloads:
            place = place_of(workload, context.graph_type)
            if place.kind is NodeKind.APP:
                found[place.namespace, place.name].append((workload.namespace, workload.name))
    return found


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
