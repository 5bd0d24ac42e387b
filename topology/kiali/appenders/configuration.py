"""Appenders `istio`, `serviceEntry`, `workloadEntry`: what the configuration says of nodes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from topology.contracts import Registry, Workload, labels, selects
from topology.graph.configured import Resource, configured, kiali_fields
from topology.kiali.asked import Asked
from topology.kiali.behind import behind
from topology.kiali.nodes import Node, NodeType, TrafficMap

Json = dict[str, Any]
_OF_API = "gateway.networking.k8s.io/gateway-name"


def configuration(
    nodes: TrafficMap,
    asked: Asked,
    registry: Registry,
    configuration_in_force: Callable[[], Iterable[Resource]],
) -> None:
    if not asked.wants("istio", "serviceEntry", "workloadEntry"):
        return
    resources = tuple(configuration_in_force())
    if asked.wants("istio", "serviceEntry"):
        _describe_services(nodes, asked, resources)
    if asked.wants("istio"):
        _describe_gateways(nodes, registry, resources)
    if asked.wants("workloadEntry"):
        _name_entries(nodes, resources)


def _describe_services(nodes: TrafficMap, asked: Asked, resources: Iterable[Resource]) -> None:
    """Services as they are; an app with the services that it was called as."""
    facts = kiali_fields(configured(resources))
    wanted = {
        name: asked.wants("serviceEntry" if name == "isServiceEntry" else "istio")
        for fields in facts.values()
        for name in fields
    }
    for node in nodes.values():
        names = [(node.namespace, node.service)] if node.type is NodeType.SERVICE else []
        if node.type is NodeType.APP:
            names = [(one.namespace, one.name) for one in sorted(node.requested)]
        for name in names:
            fields = facts.get(name, {})
            node.extra.update({key: value for key, value in fields.items() if wanted[key]})


def _describe_gateways(
    nodes: TrafficMap, registry: Registry, resources: Iterable[Resource]
) -> None:
    """The hosts that Gateways have gateways serve."""
    gateways = [one for one in resources if one.kind == "Gateway"]
    pods = [one for one in registry.workloads if one.gateway]
    for node in nodes.values():
        for workload in behind(node, pods):
            for gateway in gateways:
                found = _served(gateway, workload)
                if found is not None:
                    _add_hosts(node, *found)


def _served(gateway: Resource, workload: Workload) -> tuple[str, list[str]] | None:
    """Under which name Kiali tells it, and the hosts; None where it is not for these pods."""
    selector = gateway.spec.get("selector")
    if isinstance(selector, Mapping):
        given = labels({str(key): str(value) for key, value in selector.items()})
        if not selects(given, workload.labels):
            return None
        leaving = dict(workload.labels).get("istio") == "egressgateway"
        hosts = [host for server in _maps(gateway, "servers") for host in _texts(server, "hosts")]
        return "egressInfo" if leaving else "ingressInfo", hosts
    named = dict(workload.labels).get(_OF_API)
    if (workload.namespace, named) != (gateway.namespace, gateway.name):
        return None
    listeners = _maps(gateway, "listeners")
    return "gatewayAPIInfo", [str(one.get("hostname") or "*") for one in listeners]


def _maps(gateway: Resource, name: str) -> list[Mapping[str, Any]]:
    found = gateway.spec.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _texts(server: Mapping[str, Any], name: str) -> list[str]:
    found = server.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []


def _add_hosts(node: Node, kind: str, hosts: Iterable[str]) -> None:
    told: dict[str, Json] = node.extra.setdefault(
        "isGateway", {"ingressInfo": {}, "egressInfo": {}, "gatewayAPIInfo": {}}
    )
    known = told[kind].get("hostnames", [])
    if all_hosts := sorted({*known, *hosts}):
        told[kind]["hostnames"] = all_hosts
    if kind == "gatewayAPIInfo":
        node.extra["isK8sGatewayAPI"] = True


def _name_entries(nodes: TrafficMap, resources: Iterable[Resource]) -> None:
    """An entry is behind the node of its namespace, app and version."""
    entries: dict[tuple[str, str, str], list[Json]] = {}
    for one in resources:
        given = one.spec.get("labels")
        if one.kind == "WorkloadEntry" and isinstance(given, Mapping) and given.get("app"):
            place = (one.namespace, str(given["app"]), str(given.get("version") or ""))
            entries.setdefault(place, []).append({"name": one.name, "namespace": one.namespace})
    for node in nodes.values():
        version = "" if node.version == "latest" else node.version
        found = entries.get((node.namespace, node.app, version))
        if found and node.type in (NodeType.WORKLOAD, NodeType.APP):
            node.extra["hasWorkloadEntry"] = found
