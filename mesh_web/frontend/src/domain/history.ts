// A short memory of how each edge and node did, for sparklines.
import type { Graph } from "./graph";
import type { UnixSeconds } from "./units";

export interface Point {
  readonly at: UnixSeconds;
  readonly rate: number;
  readonly errorRatio: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export type History = ReadonlyMap<string, readonly Point[]>;

const KEEP_POINTS = 120;

/** Add the graph's present values; what has left the graph is forgotten. */
export function remember(history: History, graph: Graph): History {
  const next = new Map<string, readonly Point[]>();
  const push = (id: string, point: Point) => {
    const past = history.get(id) ?? [];
    if (past.at(-1)?.at === point.at) next.set(id, past);
    else next.set(id, [...past.slice(-(KEEP_POINTS - 1)), point]);
  };
  for (const edge of graph.edges.values()) {
    const bytes = edge.bytesSentPerSecond + edge.bytesReceivedPerSecond;
    push(edge.id, {
      at: graph.at,
      rate: edge.protocol === "tcp" ? bytes : edge.requestsPerSecond,
      errorRatio: edge.errorRatio,
      p50: edge.p50Ms,
      p95: edge.p95Ms,
      p99: edge.p99Ms,
    });
  }
  for (const node of graph.nodes.values()) {
    push(node.id, {
      at: graph.at,
      rate: node.requestsPerSecond,
      errorRatio: node.errorRatio,
      p50: null,
      p95: null,
      p99: null,
    });
  }
  return next;
}
