"""Kiali's JSON of a graph."""

import hashlib
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from topology.kiali.asked import UNKNOWN, Asked, Box
from topology.kiali.nodes import Edge, Node, NodeType, TrafficMap
from topology.kiali.protocols import PROTOCOLS, Protocol

Json = dict[str, Any]


def to_json(nodes: TrafficMap, asked: Asked) -> Json:
    """Nodes and edges in Kiali's order: boxes come before what is in them."""
    shown = [_node(node) for node in nodes.values()]
    edges = [_edge(node, edge) for node in nodes.values() for edge in node.edges]
    for boxed, kind in _boxings(asked):
        shown += _boxes(shown, boxed, kind)
    shown.sort(key=_rank)
    edges.sort(key=lambda one: (one["source"], one["target"], one["traffic"]["protocol"]))
    return {
        "timestamp": asked.at,
        "duration": asked.seconds,
        "graphType": asked.graph_type.value,
        "elements": {
            "nodes": [{"data": one} for one in shown],
            "edges": [{"data": one} for one in edges],
        },
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _node(node: Node) -> Json:
    data: Json = {
        "id": _hash(node.id),
        "nodeType": node.type.value,
        "cluster": node.cluster,
        "namespace": node.namespace,
        "workload": node.workload,
        "app": node.app,
        "version": node.version,
        "service": node.service,
        "destServices": [one._asdict() for one in sorted(node.requested)],
        "traffic": [shown for one in PROTOCOLS.values() if (shown := _node_traffic(node, one))],
        "isWaypoint": node.waypoint,
        "isOutside": node.outside,
        "isInaccessible": node.inaccessible,
        "isRoot": node.root,
    }
    written = {name: value for name, value in data.items() if value or name in _ALWAYS}
    return {**written, "healthData": None, **node.extra}


_ALWAYS = frozenset({"id", "nodeType", "cluster", "namespace"})


def _node_traffic(node: Node, protocol: Protocol) -> Json | None:
    rates = _written(node.rates, protocol.node_rates)
    return {"protocol": protocol.name, "rates": rates} if rates else None


def _edge(node: Node, edge: Edge) -> Json:
    source, target = _hash(node.id), _hash(edge.target.id)
    return {
        "id": _hash(f"{source}.{target}.{edge.protocol}"),
        "source": source,
        "target": target,
        "traffic": _edge_traffic(edge),
        **edge.extra,
    }


def _edge_traffic(edge: Edge) -> Json:
    protocol = PROTOCOLS.get(edge.protocol)
    total = edge.rates.get(edge.protocol, 0.0)
    if protocol is None or total <= 0:
        return {"protocol": edge.protocol}
    rates = _written(edge.rates, protocol.edge_rates)
    if protocol.percents:
        failed = sum(edge.rates.get(f"{protocol.name}{part}", 0.0) for part in protocol.errors)
        sent = edge.source.rates.get(protocol.outbound, 0.0)
        rates |= _percent(f"{protocol.name}PercentErr", failed, total)
        rates |= _percent(f"{protocol.name}PercentReq", total, sent)
    return {
        "protocol": edge.protocol,
        "rates": rates,
        "responses": {
            code: _shares({"flags": response.flags, "hosts": response.hosts}, total)
            for code, response in edge.responses.items()
        },
    }


def _shares(parts: dict[str, dict[str, float]], total: float) -> Json:
    return {
        name: {key: f"{value / total * 100:.1f}" for key, value in part.items()}
        for name, part in parts.items()
        if part
    }


def _percent(name: str, part: float, whole: float) -> dict[str, str]:
    return {name: f"{part / whole * 100:.1f}"} if part > 0 and whole > 0 else {}


def _written(rates: dict[str, float], names: Iterable[str]) -> dict[str, str]:
    return {name: _rate(rates[name]) for name in names if rates.get(name, 0.0) > 0}


def _rate(value: float) -> str:
    """Two digits after the point; more where they would all be zero, five at most."""
    digits, scaled = 0, value
    while scaled < 1 and digits < 5:
        scaled *= 10
        digits += 1
    return f"{value:.{max(2, digits)}f}"


# -- boxes ----------------------------------------------------------------------------------

_Key = Callable[[Json], tuple[str, ...] | None]


def _boxings(asked: Asked) -> Iterable[tuple[Box, _Key]]:
    """Inner boxes first. Graphs of apps always box an app's versions."""
    if Box.APP in asked.boxes or asked.graph_type.of_apps:
        yield Box.APP, _app_key
    if Box.NAMESPACE in asked.boxes:
        yield Box.NAMESPACE, _namespace_key
    if Box.CLUSTER in asked.boxes:
        yield Box.CLUSTER, _cluster_key


def _app_key(node: Json) -> tuple[str, ...] | None:
    app = node.get("app", "")
    return (node["cluster"], node["namespace"], app) if app not in ("", UNKNOWN) else None


def _namespace_key(node: Json) -> tuple[str, ...] | None:
    inner = "parent" in node or node["namespace"] == UNKNOWN
    return None if inner else (node["cluster"], node["namespace"])


def _cluster_key(node: Json) -> tuple[str, ...] | None:
    inner = "parent" in node or node["cluster"] == UNKNOWN
    return None if inner else (node["cluster"],)


def _boxes(nodes: list[Json], kind: Box, key: _Key) -> list[Json]:
    """A box around every two or more; no box around everything there is."""
    keyed = [(found, node) for node in nodes if (found := key(node)) is not None]
    keyed.sort(key=lambda one: one[0])
    groups = [(one, [node for _, node in members]) for one, members in groupby(keyed, _first)]
    if kind is not Box.APP and len(groups) < 2:
        return []
    return [_box(one, members, kind) for one, members in groups if len(members) > 1]


def _first(pair: tuple[tuple[str, ...], Json]) -> tuple[str, ...]:
    return pair[0]


def _box(key: tuple[str, ...], members: list[Json], kind: Box) -> Json:
    box: Json = {
        "id": _hash("_".join(("box", *key))),
        "nodeType": NodeType.BOX.value,
        "cluster": key[0],
        "namespace": key[1] if len(key) > 1 else "",
    }
    for member in members:
        member["parent"] = box["id"]
    if kind is Box.APP:
        box["app"] = key[2]
        for flag in ("isOutOfMesh", "isInaccessible", "isOutside"):
            if any(member.get(flag) for member in members):
                box[flag] = True
    healths = (one["healthData"] for one in members if one["nodeType"] == NodeType.APP.value)
    health = next((one for one in healths if one is not None), None) if kind is Box.APP else None
    return {**box, "healthData": health, "isBox": kind.value}


_OUTER = {"cluster": 0, "namespace": 1, "app": 2}


def _rank(node: Json) -> tuple[int, ...] | tuple[Any, ...]:
    names = ("cluster", "namespace", "app", "version", "service", "workload")
    return (_OUTER.get(node.get("isBox", ""), 3), *(node.get(name, "") for name in names))
