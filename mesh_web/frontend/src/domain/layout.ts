// From a graph's structure to the layout engine's question, and from its answer to places.
import type { Graph, GraphEdge, GraphNode } from "./graph";
import type { Point } from "./traffic";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Placement {
  readonly nodes: ReadonlyMap<string, Box>;
  readonly namespaces: ReadonlyMap<string, Box>;
  readonly edges: ReadonlyMap<string, readonly Point[]>;
  readonly labels: ReadonlyMap<string, Point>;
}

/** The parts of ELK's JSON that we write and read; all coordinates are absolute. */
export interface ElkInput {
  readonly id: string;
  readonly width?: number;
  readonly height?: number;
  readonly layoutOptions?: Readonly<Record<string, string>>;
  readonly children?: ElkInput[];
  readonly edges?: ElkEdgeInput[];
}
interface ElkEdgeInput {
  readonly id: string;
  readonly sources: string[];
  readonly targets: string[];
  readonly labels?: { readonly text: string; readonly width: number; readonly height: number }[];
}
export interface ElkOutput {
  readonly id: string;
  readonly x?: number | undefined;
  readonly y?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly children?: readonly ElkOutput[] | undefined;
  readonly edges?: readonly ElkEdgeOutput[] | undefined;
}
interface ElkEdgeOutput {
  readonly id: string;
  readonly sections?:
    | readonly {
        readonly startPoint: Point;
        readonly endPoint: Point;
        readonly bendPoints?: readonly Point[] | undefined;
      }[]
    | undefined;
  readonly labels?:
    | readonly {
        readonly x?: number | undefined;
        readonly y?: number | undefined;
        readonly width?: number | undefined;
        readonly height?: number | undefined;
      }[]
    | undefined;
}

const LABEL = { width: 92, height: 22 };
const ROOT_OPTIONS: Readonly<Record<string, string>> = {
  "elk.algorithm": "layered",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.spacing.nodeNodeBetweenLayers": "14",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "12",
  "elk.spacing.nodeNode": "24",
  "elk.spacing.edgeNode": "20",
  "elk.spacing.edgeEdge": "14",
  "elk.spacing.edgeLabel": "4",
  "elk.edgeLabels.inline": "true",
};
const BOX_OPTIONS: Readonly<Record<string, string>> = {
  "elk.layered.crossingMinimization.semiInteractive": "true",
  "elk.padding": "[top=42,left=16,bottom=16,right=16]",
};

/** Width and height a node is drawn with. */
function sizeOf(node: GraphNode): { readonly width: number; readonly height: number } {
  if (node.kind === "service") return { width: 180, height: 38 };
  return { width: 200, height: 58 };
}

/** From a service to what answers for it; between services, as in the graph of services, it is a call. */
const isInner = (graph: Graph, { source, target }: GraphEdge): boolean =>
  graph.nodes.get(source)?.kind === "service" && graph.nodes.get(target)?.kind !== "service";

/** A service drawn as a tab on its only workload: they are placed as one. */
export const TAB_HEIGHT = 30;
const TAB_INSET = 10;

/**
 * Services that front exactly one workload, which no other service fronts: workload by service.
 * Between these two there is nothing to see but one line, so they are drawn together.
 */
export function tabs(graph: Graph): ReadonlyMap<string, string> {
  const behind = new Map<string, Set<string>>();
  const fronts = new Map<string, Set<string>>();
  const add = (map: Map<string, Set<string>>, key: string, value: string) =>
    map.set(key, (map.get(key) ?? new Set()).add(value));
  for (const edge of graph.edges.values()) {
    if (!isInner(graph, edge)) continue;
    add(behind, edge.source, edge.target);
    add(fronts, edge.target, edge.source);
  }
  const pairs = new Map<string, string>();
  for (const [service, workloads] of behind) {
    const [workload] = workloads;
    if (workload === undefined || workloads.size > 1 || fronts.get(workload)?.size !== 1) continue;
    const sameHome = graph.nodes.get(service)?.namespace === graph.nodes.get(workload)?.namespace;
    if (sameHome) pairs.set(service, workload);
  }
  return pairs;
}

const namespaceBox = (namespace: string) => `box:${namespace}`;

/**
 * Workloads that share an app, as "(i,i)" in the order of their versions: the engine keeps what has
 * a position in that order within its layer, and is free with everything else.
 */
function versionOrder(nodes: readonly GraphNode[]): ReadonlyMap<string, string> {
  const apps = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    if (node.kind !== "workload" || node.version === "") continue;
    const app = `${node.namespace}/${node.app}`;
    apps.set(app, [...(apps.get(app) ?? []), node]);
  }
  const order = [...apps.values()].filter((versions) => versions.length > 1);
  for (const versions of order) {
    versions.sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }));
  }
  return new Map(order.flat().map(({ id }, i) => [id, `(${i},${i})`]));
}

export type Direction = "RIGHT" | "DOWN";

/** Services with several workloads behind them: there a request takes one of several ways. */
export function forks(graph: Graph): ReadonlySet<string> {
  const ways = new Map<string, number>();
  for (const edge of graph.edges.values()) {
    if (!isInner(graph, edge)) continue;
    ways.set(edge.source, (ways.get(edge.source) ?? 0) + 1);
  }
  return new Set([...ways].filter(([, count]) => count > 1).map(([id]) => id));
}

/** An edge from a service to its only workload would repeat what the edges into it say. */
export const isWorded = (graph: Graph, edge: GraphEdge, forked: ReadonlySet<string>): boolean =>
  !isInner(graph, edge) || forked.has(edge.source);

/** Sorted input gives the same layout for the same structure. */
export function layoutInput(graph: Graph, withLabels: boolean, direction: Direction): ElkInput {
  const tabbed = tabs(graph);
  const carriers = new Set(tabbed.values());
  const placed = (id: string) => tabbed.get(id) ?? id;
  const byNamespace = new Map<string, ElkInput[]>();
  const nodes = [...graph.nodes.values()].sort((a, b) => a.id.localeCompare(b.id));
  const ordered = versionOrder(nodes);
  for (const node of nodes) {
    if (tabbed.has(node.id)) continue;
    const inside = byNamespace.get(node.namespace) ?? [];
    const { width, height } = sizeOf(node);
    const position = ordered.get(node.id);
    inside.push({
      id: node.id,
      ...(position === undefined ? {} : { layoutOptions: { "elk.position": position } }),
      width,
      height: carriers.has(node.id) ? height + TAB_HEIGHT : height,
    });
    byNamespace.set(node.namespace, inside);
  }
  const children: ElkInput[] = [];
  for (const [namespace, inside] of byNamespace) {
    if (namespace === "") children.push(...inside);
    else {
      children.push({
        id: namespaceBox(namespace),
        layoutOptions: BOX_OPTIONS,
        children: inside,
      });
    }
  }
  const forked = forks(graph);
  const edges = [...graph.edges.values()]
    .filter((edge) => tabbed.get(edge.source) !== edge.target)
    .sort((a, b) => a.id.localeCompare(b.id))
    .map((edge) => ({
      id: edge.id,
      sources: [placed(edge.source)],
      targets: [placed(edge.target)],
      ...(withLabels && isWorded(graph, edge, forked)
        ? { labels: [{ text: "label", ...LABEL }] }
        : {}),
    }));
  const layoutOptions = { ...ROOT_OPTIONS, "elk.direction": direction };
  return { id: "root", layoutOptions, children, edges };
}

const boxOf = (node: ElkOutput): Box => ({
  x: node.x ?? 0,
  y: node.y ?? 0,
  width: node.width ?? 0,
  height: node.height ?? 0,
});

/** Half of the path's way: where a label goes when the engine placed none. */
function middle(points: readonly Point[]): Point {
  const a = points[Math.floor((points.length - 1) / 2)] ?? { x: 0, y: 0 };
  const b = points[Math.ceil((points.length - 1) / 2)] ?? a;
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** Part each place that holds a service and its workload, the service's tab on top. */
function withTabs(graph: Graph, placement: Placement): Placement {
  const nodes = new Map(placement.nodes);
  const edges = new Map(placement.edges);
  const labels = new Map(placement.labels);
  const tabbed = tabs(graph);
  for (const [service, workload] of tabbed) {
    const whole = placement.nodes.get(workload);
    if (whole === undefined) continue;
    const { x, y, width, height } = whole;
    nodes.set(service, {
      x: x + TAB_INSET,
      y,
      width: width - 2 * TAB_INSET,
      height: TAB_HEIGHT,
    });
    nodes.set(workload, { x, y: y + TAB_HEIGHT, width, height: height - TAB_HEIGHT });
  }
  for (const edge of graph.edges.values()) {
    const whole = placement.nodes.get(edge.target);
    if (tabbed.get(edge.source) !== edge.target || whole === undefined) continue;
    const x = whole.x + whole.width / 2;
    const y = whole.y + TAB_HEIGHT;
    edges.set(edge.id, [
      { x, y },
      { x, y },
    ]);
    labels.set(edge.id, { x, y });
  }
  return { ...placement, nodes, edges, labels };
}

export function placementOf(graph: Graph, output: ElkOutput): Placement {
  const nodes = new Map<string, Box>();
  const namespaces = new Map<string, Box>();
  const edges = new Map<string, readonly Point[]>();
  const labels = new Map<string, Point>();
  const visit = (node: ElkOutput): void => {
    for (const child of node.children ?? []) {
      if (child.id.startsWith("box:")) namespaces.set(child.id.slice(4), boxOf(child));
      else nodes.set(child.id, boxOf(child));
      visit(child);
    }
    for (const edge of node.edges ?? []) {
      const section = edge.sections?.[0];
      if (section === undefined) continue;
      const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
      edges.set(edge.id, points);
      const label = edge.labels?.[0];
      labels.set(
        edge.id,
        label?.x === undefined || label.y === undefined
          ? middle(points)
          : { x: label.x + (label.width ?? 0) / 2, y: label.y + (label.height ?? 0) / 2 },
      );
    }
  };
  visit(output);
  return withTabs(graph, { nodes, namespaces, edges, labels });
}

/** The smallest box around everything placed. */
export function extentOf(placement: Placement): Box {
  const boxes = [...placement.nodes.values(), ...placement.namespaces.values()];
  if (boxes.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const x = Math.min(...boxes.map((b) => b.x));
  const y = Math.min(...boxes.map((b) => b.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((b) => b.x + b.width)) - x,
    height: Math.max(...boxes.map((b) => b.y + b.height)) - y,
  };
}
