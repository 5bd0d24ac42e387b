"""The one JSON form of a graph, as REST and the WebSocket send it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from topology.contracts import EdgeBreaker, Graph, GraphEdge, GraphNode, Health, NodeKind

Json = dict[str, Any]


def to_json(graph: Graph) -> Json:
    """Tuples become arrays and `responses` an object; rates keep three digits after the point."""
    return {
        "at": graph.at,
        "window_seconds": graph.window_seconds,
        "nodes": _nodes(graph.nodes),
        "edges": _edges(graph.edges),
    }


def _nodes(nodes: Sequence[GraphNode]) -> list[Json]:
    rates = _rounded([node.requests_per_second for node in nodes], 3)
    errors = _rounded([node.error_ratio for node in nodes], 4)
    return [
        {
            "id": node.id,
            "kind": _TEXTS[node.kind],
            "namespace": node.namespace,
            "name": node.name,
            "app": node.app,
            "version": node.version,
            "health": _TEXTS[node.health],
            "pods_ready": node.pods_ready,
            "pods_desired": node.pods_desired,
            "requests_per_second": rate,
            "error_ratio": error_ratio,
            "badges": list(node.badges),
        }
        for node, rate, error_ratio in zip(nodes, rates, errors, strict=True)
    ]


def _edges(edges: Sequence[GraphEdge]) -> list[Json]:
    columns = zip(
        edges,
        _rounded([edge.requests_per_second for edge in edges], 3),
        _rounded([edge.error_ratio for edge in edges], 4),
        _milliseconds([edge.p50_ms for edge in edges]),
        _milliseconds([edge.p95_ms for edge in edges]),
        _milliseconds([edge.p99_ms for edge in edges]),
        _rounded([edge.mtls_ratio for edge in edges], 4),
        _rounded([edge.bytes_sent_per_second for edge in edges], 1),
        _rounded([edge.bytes_received_per_second for edge in edges], 1),
        strict=True,
    )
    return [
        {
            "id": edge.id,
            "source": edge.source,
            "target": edge.target,
            "protocol": edge.protocol,
            "requests_per_second": rate,
            "requests_total": edge.requests_total,
            "error_ratio": error_ratio,
            "p50_ms": p50,
            "p95_ms": p95,
            "p99_ms": p99,
            "mtls_ratio": mtls,
            "responses": {code: round(rate, 3) for code, rate in edge.responses},
            "bytes_sent_per_second": sent,
            "bytes_received_per_second": received,
            "connections_open": edge.connections_open,
            "health": _TEXTS[edge.health],
            "seen_by": list(edge.seen_by),
            "breaker": None if edge.breaker is None else breaker_to_json(edge.breaker),
        }
        for edge, rate, error_ratio, p50, p95, p99, mtls, sent, received in columns
    ]


_TEXTS: Mapping[NodeKind | Health, str] = {one: one.value for one in (*NodeKind, *Health)}


def breaker_to_json(breaker: EdgeBreaker) -> Json:
    return {
        "state": breaker.state,
        "since": breaker.since,
        "until": breaker.until,
        "refusing": breaker.refusing,
        "ejected": list(breaker.ejected),
    }


def _rounded(values: Sequence[float], digits: int) -> list[float]:
    """All at once: one by one takes as long as the graph."""
    rounded: list[float] = np.round(np.array(values, np.float64), digits).tolist()
    return rounded


def _milliseconds(values: Sequence[float | None]) -> list[float | None]:
    known = _rounded([-1.0 if ms is None else ms for ms in values], 2)
    return [None if ms < 0 else ms for ms in known]
