// The traffic graph: its values, and how a delta changes it.
import type { BytesPerSecond, Milliseconds, PerSecond, Ratio, UnixSeconds } from "./units";

export type Health = "idle" | "healthy" | "degraded" | "failing";
/** The mesh's metrics, the applications' spans. */
export type SeenBy = "metrics" | "traces";
type NodeKind = "workload" | "app" | "service" | "gateway" | "external" | "unknown";

/** `id` is "<kind>:<namespace>/<name>", the same in every build of the graph. */
export interface GraphNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly namespace: string;
  readonly name: string;
  readonly app: string;
  readonly version: string;
  readonly health: Health;
  readonly podsReady: number;
  readonly podsDesired: number;
  readonly requestsPerSecond: PerSecond;
  readonly errorRatio: Ratio;
  readonly badges: readonly string[];
}

/** What a caller's circuit breakers say of a service; `ejected` are pods that get no requests. */
export interface EdgeBreaker {
  readonly state: "open" | "half-open";
  readonly since: UnixSeconds | null;
  readonly until: UnixSeconds | null;
  readonly refusing: boolean;
  readonly ejected: readonly string[];
}

/** `id` is "<source id>-><target id>|<protocol>"; `responses` maps a code to requests per second. */
export interface GraphEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly protocol: string;
  readonly requestsPerSecond: PerSecond;
  readonly requestsTotal: number;
  readonly errorRatio: Ratio;
  readonly p50Ms: Milliseconds | null;
  readonly p95Ms: Milliseconds | null;
  readonly p99Ms: Milliseconds | null;
  readonly mtlsRatio: Ratio;
  readonly responses: Readonly<Record<string, number>>;
  readonly bytesSentPerSecond: BytesPerSecond;
  readonly bytesReceivedPerSecond: BytesPerSecond;
  readonly connectionsOpen: number;
  readonly health: Health;
  readonly seenBy: readonly SeenBy[];
  /** null: closed, or none. */
  readonly breaker: EdgeBreaker | null;
}

export interface Graph {
  readonly at: UnixSeconds;
  readonly windowSeconds: number;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly edges: ReadonlyMap<string, GraphEdge>;
}

/** What changed since the message before; null means gone. */
export interface GraphDelta {
  readonly at: UnixSeconds;
  readonly nodes: Readonly<Record<string, GraphNode | null>>;
  readonly edges: Readonly<Record<string, GraphEdge | null>>;
}

function changed<T>(
  values: ReadonlyMap<string, T>,
  delta: Readonly<Record<string, T | null>>,
): ReadonlyMap<string, T> {
  const entries = Object.entries(delta);
  if (entries.length === 0) return values;
  const next = new Map(values);
  for (const [id, value] of entries) {
    if (value === null) next.delete(id);
    else next.set(id, value);
  }
  return next;
}

/** The law: snapshot + deltas == later snapshot. */
export function applyDelta(graph: Graph, delta: GraphDelta): Graph {
  return {
    at: delta.at,
    windowSeconds: graph.windowSeconds,
    nodes: changed(graph.nodes, delta.nodes),
    edges: changed(graph.edges, delta.edges),
  };
}

export const isTcp = (edge: GraphEdge): boolean => edge.protocol === "tcp";

/** Whether anything has crossed the edge within the window. */
export const hasTraffic = (edge: GraphEdge): boolean =>
  edge.requestsPerSecond > 0 || edge.bytesSentPerSecond + edge.bytesReceivedPerSecond > 0;

export type MtlsState = "mutual" | "partial" | "none";

export function mtlsState(edge: GraphEdge): MtlsState {
  if (edge.mtlsRatio >= 0.999) return "mutual";
  return edge.mtlsRatio > 0 ? "partial" : "none";
}

export const namespacesOf = (graph: Graph): readonly string[] =>
  [...new Set([...graph.nodes.values()].map((node) => node.namespace))].filter(Boolean).sort();

export const inboundOf = (graph: Graph, id: string): readonly GraphEdge[] =>
  [...graph.edges.values()].filter((edge) => edge.target === id);

export const outboundOf = (graph: Graph, id: string): readonly GraphEdge[] =>
  [...graph.edges.values()].filter((edge) => edge.source === id);
