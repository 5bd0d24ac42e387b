// The drawn graph: nodes, namespace boxes, edges, travelling dots, and the ways to move over it.
import {
  Background,
  BackgroundVariant,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { breakerWords } from "../../domain/breaker";
import type { Graph, GraphEdge } from "../../domain/graph";
import { forks, isWorded, type Placement, tabs } from "../../domain/layout";
import { formatDuration, formatRate, formatRatio } from "../../domain/units";
import type { View } from "../../domain/view";
import { IconButton } from "../../ui/controls";
import { Loading, Problem } from "../../ui/feedback";
import { ArrowHeads, MeshEdge, type MeshFlowEdge } from "./MeshEdge";
import { type BoxFlowNode, describe, type MeshFlowNode, MeshNode, NamespaceBox } from "./MeshNode";
import { TrafficLayer } from "./TrafficLayer";
import { type Layout, useLayout } from "./useLayout";

const NODE_TYPES = { mesh: MeshNode, box: NamespaceBox };
const EDGE_TYPES = { mesh: MeshEdge };
/** Above this only what is in sight is drawn. */
const DRAW_ALL_BELOW = 150;

/** What stands out when something is selected: it, its edges, and their other ends. */
function neighbourhood(graph: Graph, selected: string | null): ReadonlySet<string> | null {
  if (selected === null) return null;
  const around = new Set<string>([selected]);
  const edge = graph.edges.get(selected);
  if (edge !== undefined) return around.add(edge.source).add(edge.target);
  if (!graph.nodes.has(selected)) return null;
  for (const one of graph.edges.values()) {
    if (one.source === selected || one.target === selected) {
      around.add(one.id).add(one.source).add(one.target);
    }
  }
  return around;
}

function nameOf(graph: Graph, id: string): string {
  return graph.nodes.get(id)?.name ?? id;
}

function titleOf(graph: Graph, edge: GraphEdge): string {
  const ends = `${nameOf(graph, edge.source)} to ${nameOf(graph, edge.target)} (${edge.protocol})`;
  const breaker = edge.breaker === null ? "" : `, ${breakerWords(edge.breaker)}`;
  return `${ends}: ${formatRate(edge.requestsPerSecond)}, ${formatRatio(edge.errorRatio)} errors, p95 ${formatDuration(edge.p95Ms)}, mutual TLS ${formatRatio(edge.mtlsRatio)}${breaker}`;
}

interface Props {
  readonly graph: Graph;
  readonly view: View;
  readonly found: ReadonlySet<string>;
  readonly focus: string | null;
  readonly animated: boolean;
  readonly panelOpen: boolean;
  readonly onSelect: (id: string | null) => void;
  readonly onOpenNamespace: (namespace: string) => void;
}

function flowNodes(props: Props, placement: Placement): (MeshFlowNode | BoxFlowNode)[] {
  const { graph, view, found, onOpenNamespace } = props;
  const near = neighbourhood(graph, view.selected);
  const boxes = [...placement.namespaces].map(
    ([namespace, box]): BoxFlowNode => ({
      id: `box:${namespace}`,
      type: "box",
      position: { x: box.x, y: box.y },
      width: box.width,
      height: box.height,
      // or xyflow measures it anew and draws its edges anew at every update
      measured: { width: box.width, height: box.height },
      data: { namespace, onOpen: onOpenNamespace },
      selectable: false,
      focusable: false,
      zIndex: -1,
    }),
  );
  const tabbed = tabs(graph);
  const nodes: MeshFlowNode[] = [];
  for (const node of graph.nodes.values()) {
    const box = placement.nodes.get(node.id);
    if (box === undefined) continue;
    const faded = (near !== null && !near.has(node.id)) || (found.size > 0 && !found.has(node.id));
    const marked = found.has(node.id) ? "found" : "plain";
    nodes.push({
      id: node.id,
      type: "mesh",
      ariaLabel: describe(node),
      ariaRole: "button",
      position: { x: box.x, y: box.y },
      width: box.width,
      height: box.height,
      // or xyflow measures it anew and draws its edges anew at every update
      measured: { width: box.width, height: box.height },
      data: {
        node,
        tab: tabbed.has(node.id),
        emphasis: view.selected === node.id ? "selected" : faded ? "dimmed" : marked,
      },
    });
  }
  // the keyboard goes from node to node as one reads
  nodes.sort((a, b) => a.position.y - b.position.y || a.position.x - b.position.x);
  return [...boxes, ...nodes];
}

function flowEdges(props: Props, placement: Placement): MeshFlowEdge[] {
  const { graph, view, onSelect } = props;
  const near = neighbourhood(graph, view.selected);
  const forked = forks(graph);
  const edges: MeshFlowEdge[] = [];
  for (const edge of graph.edges.values()) {
    const points = placement.edges.get(edge.id);
    const label = placement.labels.get(edge.id);
    if (points === undefined || label === undefined) continue;
    const chosen = view.selected === edge.id;
    edges.push({
      id: edge.id,
      source: edge.source,
      target: edge.target,
      type: "mesh",
      focusable: false,
      data: {
        edge,
        points,
        label,
        metric: view.metric,
        worded: view.labels && isWorded(graph, edge, forked),
        title: titleOf(graph, edge),
        emphasis: chosen ? "selected" : near !== null && !near.has(edge.id) ? "dimmed" : "plain",
        onSelect,
      },
    });
  }
  return edges;
}

/** Keeps everything in sight until the viewer moves the graph; centres what is searched for. */
function useSight(layout: Layout, props: Props) {
  const flow = useReactFlow();
  const moved = useRef(false);
  const { panelOpen, focus, graph, view } = props;
  const nearby = useRef<string[] | null>(null);
  const around = neighbourhood(graph, view.selected);
  nearby.current = around === null ? null : [...around].filter((id) => graph.nodes.has(id));
  const showAll = useCallback(() => {
    const wide = window.innerWidth > 720;
    const margin = wide ? 20 : 8;
    const side = panelOpen && wide ? 424 : margin;
    // on a phone the controls lie over the graph's foot
    const foot = panelOpen && !wide ? window.innerHeight * 0.6 : wide ? 40 : 52;
    const near = wide ? [] : (nearby.current ?? []);
    flow.fitView({
      ...(near.length > 0 ? { nodes: near.map((id) => ({ id })) } : {}),
      padding: { top: `${margin}px`, left: `${margin}px`, right: `${side}px`, bottom: `${foot}px` },
      minZoom: 0.08,
      maxZoom: 1.15,
      duration: 350,
    });
  }, [flow, panelOpen]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new layout is what asks for it
  useEffect(() => {
    if (moved.current) return;
    const frame = requestAnimationFrame(showAll);
    return () => cancelAnimationFrame(frame);
  }, [layout, showAll]);
  useEffect(() => {
    const box = focus === null ? undefined : layout.placement.nodes.get(focus);
    if (box === undefined) return;
    moved.current = true;
    const zoom = Math.max(0.9, flow.getZoom());
    flow.setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom, duration: 400 });
  }, [focus, layout, flow]);
  return {
    onMoved: (event: MouseEvent | TouchEvent | null) => {
      if (event !== null) moved.current = true;
    },
    refit: () => {
      moved.current = false;
      showAll();
    },
  };
}

function ZoomControls({ onFit }: { readonly onFit: () => void }) {
  const flow = useReactFlow();
  return (
    <div className="zoom-controls">
      <IconButton icon="plus" label="Zoom in" onClick={() => flow.zoomIn({ duration: 150 })} />
      <IconButton icon="minus" label="Zoom out" onClick={() => flow.zoomOut({ duration: 150 })} />
      <IconButton icon="fit" label="Fit everything in view" onClick={onFit} />
    </div>
  );
}

function Drawn({ layout, ...props }: Props & { readonly layout: Layout }) {
  const { graph, onSelect, animated } = props;
  const { placement } = layout;
  const sight = useSight(layout, props);
  const nodes = flowNodes(props, placement);
  const edges = flowEdges(props, placement);
  const dimmed = useMemo(() => {
    const near = neighbourhood(graph, props.view.selected);
    return new Set(near === null ? [] : [...graph.edges.keys()].filter((id) => !near.has(id)));
  }, [graph, props.view.selected]);
  return (
    <ReactFlow
      edges={edges}
      edgesFocusable={false}
      edgeTypes={EDGE_TYPES}
      elementsSelectable
      maxZoom={2}
      minZoom={0.08}
      nodes={nodes}
      nodesConnectable={false}
      nodesDraggable={false}
      nodesFocusable
      nodeTypes={NODE_TYPES}
      onEdgeClick={(_, edge) => onSelect(edge.id)}
      onMoveStart={sight.onMoved}
      onNodeClick={(_, node) => node.type === "mesh" && onSelect(node.id)}
      onNodesChange={(changes) => {
        // the keyboard's way to select
        const chosen = changes.find((change) => change.type === "select" && change.selected);
        if (chosen?.type === "select") onSelect(chosen.id);
      }}
      onPaneClick={() => onSelect(null)}
      onlyRenderVisibleElements={graph.nodes.size > DRAW_ALL_BELOW}
      proOptions={{ hideAttribution: true }}
      zoomOnDoubleClick={false}
    >
      <Background gap={24} size={1.4} variant={BackgroundVariant.Dots} />
      {animated && <TrafficLayer dimmed={dimmed} graph={graph} placement={placement} />}
      <MiniMap
        ariaLabel="Overview of the graph"
        nodeClassName={(node) => (node.type === "box" ? "box" : String(healthIn(node)))}
        pannable
        zoomable
      />
      <ZoomControls onFit={sight.refit} />
    </ReactFlow>
  );
}

function healthIn(node: { readonly data: Record<string, unknown> }): unknown {
  const inner = node.data["node"];
  return typeof inner === "object" && inner !== null && "health" in inner ? inner.health : "idle";
}

export function GraphCanvas(props: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const { layout, error } = useLayout(props.graph, props.view.labels, frame);
  return (
    <div className="graph-frame" ref={frame}>
      <ArrowHeads />
      {error !== null && (
        <Problem
          error={{
            message: `This graph could not be laid out: ${error.message} Show fewer namespaces, another kind of graph or another time.`,
          }}
        />
      )}
      {layout === null ? (
        error === null && <Loading what="the layout" />
      ) : (
        <ReactFlowProvider>
          <Drawn {...props} layout={layout} />
        </ReactFlowProvider>
      )}
    </div>
  );
}
