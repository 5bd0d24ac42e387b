"""The one JSON form of a graph, as REST and the WebSocket send it."""

from typing import Any

from topology.contracts import EdgeBreaker, Graph, GraphEdge, GraphNode

Json = dict[str, Any]


def to_json(graph: Graph) -> Json:
    """Tuples become arrays and `responses` an object; rates keep three digits after the point."""
    return {
        "at": graph.at,
        "window_seconds": graph.window_seconds,
        "nodes": [node_to_json(node) for node in graph.nodes],
        "edges": [edge_to_json(edge) for edge in graph.edges],
    }


def node_to_json(node: GraphNode) -> Json:
    return {
        "id": node.id,
        "kind": node.kind.value,
        "namespace": node.namespace,
        "name": node.name,
        "app": node.app,
        "version": node.version,
        "health": node.health.value,
        "pods_ready": node.pods_ready,
        "pods_desired": node.pods_desired,
        "requests_per_second": round(node.requests_per_second, 3),
        "error_ratio": round(node.error_ratio, 4),
        "badges": list(node.badges),
    }


def edge_to_json(edge: GraphEdge) -> Json:
    return {
        "id": edge.id,
        "source": edge.source,
        "target": edge.target,
        "protocol": edge.protocol,
        "requests_per_second": round(edge.requests_per_second, 3),
        "requests_total": edge.requests_total,
        "error_ratio": round(edge.error_ratio, 4),
        "p50_ms": _rounded(edge.p50_ms),
        "p95_ms": _rounded(edge.p95_ms),
        "p99_ms": _rounded(edge.p99_ms),
        "mtls_ratio": round(edge.mtls_ratio, 4),
        "responses": {code: round(rate, 3) for code, rate in edge.responses},
        "bytes_sent_per_second": round(edge.bytes_sent_per_second, 1),
        "bytes_received_per_second": round(edge.bytes_received_per_second, 1),
        "connections_open": edge.connections_open,
        "health": edge.health.value,
        "seen_by": list(edge.seen_by),
        "breaker": None if edge.breaker is None else breaker_to_json(edge.breaker),
    }


def breaker_to_json(breaker: EdgeBreaker) -> Json:
    return {
        "state": breaker.state,
        "since": breaker.since,
        "until": breaker.until,
        "refusing": breaker.refusing,
        "ejected": list(breaker.ejected),
    }


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 2)
