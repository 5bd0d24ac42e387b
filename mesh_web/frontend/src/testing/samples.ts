// Small values that tests start from.
import type { Graph, GraphEdge, GraphNode } from "../domain/graph";
import { bytesPerSecond, milliseconds, perSecond, ratio, unixSeconds } from "../domain/units";

export function aNode(id: string, change: Partial<GraphNode> = {}): GraphNode {
  const [, kind = "workload", namespace = "", name = ""] = /^(\w+):([^/]*)\/(.*)$/.exec(id) ?? [];
  return {
    id,
    kind: kind as GraphNode["kind"],
    namespace,
    name,
    app: name,
    version: "",
    health: "healthy",
    podsReady: 1,
    podsDesired: 1,
    requestsPerSecond: perSecond(1),
    errorRatio: ratio(0),
    badges: [],
    ...change,
  };
}

export function anEdge(source: string, target: string, change: Partial<GraphEdge> = {}): GraphEdge {
  return {
    id: `${source}->${target}|http`,
    source,
    target,
    protocol: "http",
    requestsPerSecond: perSecond(10),
    requestsTotal: 600,
    errorRatio: ratio(0),
    p50Ms: milliseconds(5),
    p95Ms: milliseconds(20),
    p99Ms: milliseconds(40),
    mtlsRatio: ratio(1),
    responses: { "200": 10 },
    bytesSentPerSecond: bytesPerSecond(0),
    bytesReceivedPerSecond: bytesPerSecond(0),
    connectionsOpen: 0,
    health: "healthy",
    seenBy: ["metrics"],
    breaker: null,
    ...change,
  };
}

export function aGraph(nodes: readonly GraphNode[], edges: readonly GraphEdge[] = []): Graph {
  return {
    at: unixSeconds(100),
    windowSeconds: 60,
    nodes: new Map(nodes.map((node) => [node.id, node])),
    edges: new Map(edges.map((edge) => [edge.id, edge])),
  };
}

/** A repeatable source of numbers from 0 up to 1 (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
