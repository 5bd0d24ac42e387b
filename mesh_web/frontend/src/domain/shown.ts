// Which part of the graph is shown: filters, hidden services, collapsed namespaces.
import {
  type EdgeBreaker,
  type Graph,
  type GraphEdge,
  type GraphNode,
  type Health,
  hasTraffic,
} from "./graph";
import { bytesPerSecond, perSecond, type Ratio, ratio } from "./units";

export interface Showing {
  /** Empty: all of them. */
  readonly namespaces: readonly string[];
  readonly idleNodes: boolean;
  readonly serviceNodes: boolean;
  readonly collapsed: ReadonlySet<string>;
}

/** Above this many nodes each namespace starts as one box. */
export const COLLAPSE_ABOVE = 300;

const SEVERITY: readonly Health[] = ["idle", "healthy", "degraded", "failing"];

const worse = (a: Health, b: Health): Health =>
  SEVERITY.indexOf(a) >= SEVERITY.indexOf(b) ? a : b;

/** Mean of two ratios, weighted by how much traffic stands behind each. */
function pooled(a: Ratio, weightA: number, b: Ratio, weightB: number): Ratio {
  const total = weightA + weightB;
  return total === 0 ? a : ratio((a * weightA + b * weightB) / total);
}

/** Two edges between the same ends as one. Quantiles cannot be added: the worse one stands. */
function merged(a: GraphEdge, b: GraphEdge): GraphEdge {
  const slower = (b.p95Ms ?? 0) > (a.p95Ms ?? 0) ? b : a;
  const responses: Record<string, number> = { ...a.responses };
  for (const [code, rate] of Object.entries(b.responses)) {
    responses[code] = (responses[code] ?? 0) + rate;
  }
  return {
    ...a,
    requestsPerSecond: perSecond(a.requestsPerSecond + b.requestsPerSecond),
    requestsTotal: a.requestsTotal + b.requestsTotal,
    errorRatio: pooled(a.errorRatio, a.requestsTotal, b.errorRatio, b.requestsTotal),
    mtlsRatio: pooled(a.mtlsRatio, a.requestsTotal, b.mtlsRatio, b.requestsTotal),
    p50Ms: slower.p50Ms,
    p95Ms: slower.p95Ms,
    p99Ms: slower.p99Ms,
    responses,
    bytesSentPerSecond: bytesPerSecond(a.bytesSentPerSecond + b.bytesSentPerSecond),
    bytesReceivedPerSecond: bytesPerSecond(a.bytesReceivedPerSecond + b.bytesReceivedPerSecond),
    connectionsOpen: a.connectionsOpen + b.connectionsOpen,
    health: worse(a.health, b.health),
    seenBy: [...new Set([...a.seenBy, ...b.seenBy])],
    breaker: worseBreaker(a.breaker, b.breaker),
  };
}

/** The open one of two, with what both have ejected. */
function worseBreaker(a: EdgeBreaker | null, b: EdgeBreaker | null): EdgeBreaker | null {
  if (a === null || b === null) return a ?? b;
  const worst = a.state === "open" ? a : b;
  return {
    ...worst,
    refusing: a.refusing || b.refusing,
    ejected: [...new Set([...a.ejected, ...b.ejected])],
  };
}

function between(edge: GraphEdge, source: string, target: string): GraphEdge {
  return { ...edge, id: `${source}->${target}|${edge.protocol}`, source, target };
}

function collect(edges: Iterable<GraphEdge>): Map<string, GraphEdge> {
  const byId = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const known = byId.get(edge.id);
    byId.set(edge.id, known === undefined ? edge : merged(known, edge));
  }
  return byId;
}

function scaled(edge: GraphEdge, share: number): GraphEdge {
  return {
    ...edge,
    requestsPerSecond: perSecond(edge.requestsPerSecond * share),
    requestsTotal: Math.round(edge.requestsTotal * share),
    bytesSentPerSecond: bytesPerSecond(edge.bytesSentPerSecond * share),
    bytesReceivedPerSecond: bytesPerSecond(edge.bytesReceivedPerSecond * share),
    responses: Object.fromEntries(
      Object.entries(edge.responses).map(([code, rate]) => [code, rate * share]),
    ),
  };
}

/**
 * Callers drawn straight to the workloads behind a service. The graph does not know which caller
 * reached which workload, so each caller's share is taken to be the service's own.
 */
export function withoutServices(graph: Graph): Graph {
  const edges: GraphEdge[] = [];
  const isService = (id: string) => graph.nodes.get(id)?.kind === "service";
  const behind = new Map<string, GraphEdge[]>();
  for (const edge of graph.edges.values()) {
    if (isService(edge.source)) behind.set(edge.source, [...(behind.get(edge.source) ?? []), edge]);
  }
  for (const edge of graph.edges.values()) {
    if (isService(edge.source)) continue;
    if (!isService(edge.target)) {
      edges.push(edge);
      continue;
    }
    const targets = behind.get(edge.target) ?? [];
    const weight = (e: GraphEdge) => e.requestsPerSecond || e.bytesSentPerSecond;
    const total = targets.reduce((sum, e) => sum + weight(e), 0);
    for (const leg of targets) {
      const share = total === 0 ? 0 : weight(leg) / total;
      edges.push({
        ...scaled(between(edge, edge.source, leg.target), share),
        errorRatio: leg.errorRatio,
        health: leg.health,
        mtlsRatio: leg.mtlsRatio,
      });
    }
  }
  const nodes = new Map([...graph.nodes].filter(([, node]) => node.kind !== "service"));
  return { ...graph, nodes, edges: collect(edges) };
}

export const boxId = (namespace: string): string => `namespace:${namespace}`;

function boxNode(namespace: string, members: readonly GraphNode[]): GraphNode {
  const rate = members.reduce((sum, node) => sum + node.requestsPerSecond, 0);
  const errors = members.reduce((sum, n) => sum + n.errorRatio * n.requestsPerSecond, 0);
  return {
    id: boxId(namespace),
    kind: "workload",
    namespace: "",
    name: namespace,
    app: `${members.length} nodes`,
    version: "",
    health: members.map((node) => node.health).reduce(worse, "idle"),
    podsReady: members.reduce((sum, node) => sum + node.podsReady, 0),
    podsDesired: members.reduce((sum, node) => sum + node.podsDesired, 0),
    requestsPerSecond: perSecond(rate),
    errorRatio: ratio(rate === 0 ? 0 : errors / rate),
    badges: ["namespace"],
  };
}

/** Each collapsed namespace as one node, its edges merged, its inner edges gone. */
export function collapsed(graph: Graph, namespaces: ReadonlySet<string>): Graph {
  if (namespaces.size === 0) return graph;
  const home = new Map<string, string>();
  const members = new Map<string, GraphNode[]>();
  const nodes = new Map<string, GraphNode>();
  for (const node of graph.nodes.values()) {
    if (!namespaces.has(node.namespace)) {
      nodes.set(node.id, node);
      continue;
    }
    home.set(node.id, boxId(node.namespace));
    members.set(node.namespace, [...(members.get(node.namespace) ?? []), node]);
  }
  for (const [namespace, inside] of members) {
    nodes.set(boxId(namespace), boxNode(namespace, inside));
  }
  const edges = [...graph.edges.values()]
    .map((edge) =>
      between(edge, home.get(edge.source) ?? edge.source, home.get(edge.target) ?? edge.target),
    )
    .filter((edge) => edge.source !== edge.target);
  return { ...graph, nodes, edges: collect(edges) };
}

/** The nodes of the chosen namespaces and the neighbours they talk to. */
function within(graph: Graph, namespaces: readonly string[]): Graph {
  if (namespaces.length === 0) return graph;
  const chosen = (id: string) => namespaces.includes(graph.nodes.get(id)?.namespace ?? "");
  const edges = new Map(
    [...graph.edges].filter(([, edge]) => chosen(edge.source) || chosen(edge.target)),
  );
  const touched = new Set([...edges.values()].flatMap((edge) => [edge.source, edge.target]));
  const nodes = new Map([...graph.nodes].filter(([id]) => chosen(id) || touched.has(id)));
  return { ...graph, nodes, edges };
}

function withoutIdle(graph: Graph): Graph {
  const edges = new Map([...graph.edges].filter(([, edge]) => hasTraffic(edge)));
  const busy = new Set([...edges.values()].flatMap((edge) => [edge.source, edge.target]));
  const nodes = new Map([...graph.nodes].filter(([id]) => busy.has(id)));
  return { ...graph, nodes, edges };
}

/** Edges whose ends are both known; a delta may bring an edge a moment before its node. */
function complete(graph: Graph): Graph {
  const edges = [...graph.edges].filter(
    ([, edge]) => graph.nodes.has(edge.source) && graph.nodes.has(edge.target),
  );
  return edges.length === graph.edges.size ? graph : { ...graph, edges: new Map(edges) };
}

/** The graph as the viewer wants to see it. */
export function shown(graph: Graph, showing: Showing): Graph {
  let result = within(complete(graph), showing.namespaces);
  if (!showing.serviceNodes) result = withoutServices(result);
  if (!showing.idleNodes) result = withoutIdle(result);
  return collapsed(result, showing.collapsed);
}

/** Equal for two graphs that need no new layout. */
export const structureKey = (graph: Graph): string =>
  `${[...graph.nodes.keys()].sort().join(" ")}|${[...graph.edges.keys()].sort().join(" ")}`;
