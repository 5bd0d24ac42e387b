"""Appenders `deadNode` and `idleNode`: what the registry knows of nodes and their traffic does not."""

from collections.abc import Iterable

from topology.contracts import Registry
from topology.kiali.asked import Asked, GraphType
from topology.kiali.behind import behind
from topology.kiali.nodes import Place, TrafficMap, node_at
from topology.kiali.stored import HOME_CLUSTER


def dead(nodes: TrafficMap, asked: Asked, registry: Registry) -> None:
    """A workload that has no pods any more, or is gone, is dead."""
    if not asked.wants("deadNode"):
        return
    living = {(one.namespace, one.name) for one in registry.workloads if one.replicas > 0}
    for node in nodes.values():
        ours = node.workload and node.cluster == HOME_CLUSTER and not node.inaccessible
        if {"hasWorkloadEntry", "isIdle"} & node.extra.keys():
            continue
        if ours and (node.namespace, node.workload) not in living:
            node.extra["isDead"] = True


def idle(nodes: TrafficMap, asked: Asked, registry: Registry) -> None:
    """What runs in the namespaces without traffic is on their graph, too."""
    if not asked.wants("idleNode") or asked.node is not None:
        return
    for place in _places(asked, registry):
        node = node_at(place, asked.graph_type)
        if node is not None and node.id not in nodes:
            node.extra["isIdle"] = True
            nodes[node.id] = node


def _places(asked: Asked, registry: Registry) -> Iterable[Place]:
    if asked.service_nodes:
        for service in registry.services:
            if service.namespace in asked.namespaces:
                home = service.namespace
                yield Place(HOME_CLUSTER, home, service.name, home, "", "", "")
    if asked.graph_type is GraphType.SERVICE:
        return
    for one in registry.workloads:
        if one.namespace in asked.namespaces:
            home, version = one.namespace, one.version or "latest"
            yield Place(HOME_CLUSTER, home, "", home, one.name, one.app, version)


def outside_the_mesh(nodes: TrafficMap, asked: Asked, registry: Registry) -> None:
    """Appender `meshCheck`: workloads that run without a sidecar."""
    if not asked.wants("meshCheck", "sidecarsCheck"):
        return
    bare = [one for one in registry.workloads if not one.sidecar]
    for node in nodes.values():
        if behind(node, bare):
            node.extra["isOutOfMesh"] = True
