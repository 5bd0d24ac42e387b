"""Which workloads a node stands for."""

from collections.abc import Iterable

from topology.contracts import Workload
from topology.kiali.nodes import Node, NodeType


def behind(node: Node, workloads: Iterable[Workload]) -> list[Workload]:
    """The one of its name, or those of its app; none are behind a service."""
    if node.type not in (NodeType.WORKLOAD, NodeType.APP):
        return []
    return [
        one
        for one in workloads
        if one.namespace == node.namespace
        and (one.name == node.workload if node.workload else one.app == node.app)
    ]
