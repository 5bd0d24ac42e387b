"""Appender `labeler`: the labels of services, workloads and apps. As in Kiali only on request."""

from collections.abc import Iterable

from topology.contracts import Labels, Registry
from topology.kiali.asked import Asked
from topology.kiali.behind import behind
from topology.kiali.nodes import Node, NodeType, TrafficMap


def labels(nodes: TrafficMap, asked: Asked, registry: Registry) -> None:
    """Of several workloads of an app each value, with commas between."""
    if asked.appenders is None or "labeler" not in asked.appenders:
        return
    for node in nodes.values():
        found = _merged(_labels(node, registry))
        if found:
            node.extra["labels"] = found


def _labels(node: Node, registry: Registry) -> Iterable[Labels]:
    if node.type is NodeType.SERVICE:
        named = [one for one in registry.services if one.name == node.service]
        return [one.labels for one in named if one.namespace == node.namespace]
    return [one.labels for one in behind(node, registry.workloads)]


def _merged(several: Iterable[Labels]) -> dict[str, str]:
    values: dict[str, set[str]] = {}
    for given in several:
        for key, value in given:
            values.setdefault(key, set()).add(value)
    return {key: ",".join(sorted(found)) for key, found in sorted(values.items())}
