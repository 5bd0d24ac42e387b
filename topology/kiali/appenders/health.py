"""Appender `health`: what a client needs to judge a node, as Kiali's clients do it themselves."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from topology.contracts import PodPhase, Registry, Workload
from topology.kiali.asked import Asked
from topology.kiali.behind import behind
from topology.kiali.nodes import Edge, Node, NodeType, TrafficMap
from topology.kiali.traffic import edges
from topology.tolerances import RATE

Json = dict[str, Any]
_Codes = dict[str, dict[str, float]]
"""Requests per second by protocol and code."""


def health(nodes: TrafficMap, asked: Asked, registry: Registry) -> None:
    """Requests in and out by code, and the pods behind; only of nodes that may be seen."""
    if not asked.wants("health"):
        return
    inbound: dict[str, _Codes] = defaultdict(dict)
    outbound: dict[str, _Codes] = defaultdict(dict)
    for edge in edges(nodes.values()):
        _add(inbound[edge.target.id], edge)
        if edge.source.type is not NodeType.SERVICE:
            _add(outbound[edge.source.id], edge)
    ready, annotations = _ready(registry), _annotations(registry)
    for node in nodes.values():
        if not node.inaccessible and node.type is not NodeType.AGGREGATE:
            own = annotations.get(_name(node), {})
            requests = {
                "inbound": inbound.get(node.id, {}),
                "outbound": outbound.get(node.id, {}),
                "healthAnnotations": own,
            }
            if own:
                node.extra["hasHealthConfig"] = own
            node.extra["healthData"] = {"requests": requests, **_pods(node, registry, ready)}


def _annotations(registry: Registry) -> Mapping[tuple[str, str, str], dict[str, str]]:
    """Rules of their own, of services and workloads."""
    named = [
        *((("service", one.namespace, one.name), one.annotations) for one in registry.services),
        *((("workload", one.namespace, one.name), one.annotations) for one in registry.workloads),
    ]
    return {
        name: rules
        for name, given in named
        if (rules := {key: value for key, value in given if key == RATE})
    }


def _name(node: Node) -> tuple[str, str, str]:
    if node.type is NodeType.SERVICE:
        return ("service", node.namespace, node.service)
    return ("workload", node.namespace, node.workload)


def _add(codes: _Codes, edge: Edge) -> None:
    if edge.protocol == "tcp":
        return
    rates = codes.setdefault(edge.protocol, {})
    for code, response in edge.responses.items():
        rates[code] = rates.get(code, 0.0) + sum(response.flags.values())


def _ready(registry: Registry) -> Mapping[tuple[str, str], int]:
    ready: dict[tuple[str, str], int] = defaultdict(int)
    for pod in registry.pods:
        ready[pod.namespace, pod.workload] += pod.ready and pod.phase is PodPhase.RUNNING
    return ready


def _pods(node: Node, registry: Registry, ready: Mapping[tuple[str, str], int]) -> Json:
    if node.type is NodeType.SERVICE:
        return {}
    statuses = [
        _status(one, ready.get((one.namespace, one.name), 0))
        for one in behind(node, registry.workloads)
    ]
    if node.workload:
        return {"workloadStatus": statuses[0] if statuses else None}
    return {"workloadStatuses": statuses}


def _status(workload: Workload, ready: int) -> Json:
    return {
        "name": workload.name,
        "desiredReplicas": workload.replicas,
        "currentReplicas": workload.replicas,
        "availableReplicas": ready,
        "syncedProxies": -1,
    }
