// Requests as dots that travel along the edges, drawn on one canvas.
import { useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";
import type { Graph } from "../../domain/graph";
import type { Placement } from "../../domain/layout";
import { type Flow, flowOf, type Path, pathOf, pointAt, STILL } from "../../domain/traffic";

interface Dot {
  distance: number;
  readonly failed: boolean;
}

interface Lane {
  readonly path: Path;
  flow: Flow;
  due: number;
  dots: Dot[];
}

const FRAME_MS = 1000 / 30;
const COLOURS = ["healthy", "failing"] as const;

/** A token's colour as the browser sees it now; canvases know no variables. */
function colourOf(host: HTMLElement, token: string): string {
  host.style.color = `var(--${token})`;
  const colour = getComputedStyle(host).color;
  host.style.color = "";
  return colour;
}

function advance(lane: Lane, seconds: number): void {
  lane.due += lane.flow.dotsPerSecond * seconds;
  while (lane.due >= 1) {
    lane.due -= 1;
    lane.dots.push({ distance: 0, failed: Math.random() < lane.flow.errorRatio });
  }
  for (const dot of lane.dots) dot.distance += lane.flow.pixelsPerSecond * seconds;
  if ((lane.dots[0]?.distance ?? 0) > lane.path.length) {
    lane.dots = lane.dots.filter((dot) => dot.distance <= lane.path.length);
  }
}

/** Dots already spread along the lane, as if it had been running. */
function started(path: Path, flow: Flow): Lane {
  const gap = flow.dotsPerSecond > 0 ? flow.pixelsPerSecond / flow.dotsPerSecond : 0;
  const dots: Dot[] = [];
  const offset = Math.random();
  for (let at = path.length - offset * gap; gap > 0 && at > 0; at -= gap) {
    dots.push({ distance: at, failed: Math.random() < flow.errorRatio });
  }
  return { path, flow, due: offset, dots };
}

function lanesFor(placement: Placement, graph: Graph, old: ReadonlyMap<string, Lane>) {
  const lanes = new Map<string, Lane>();
  for (const [id, points] of placement.edges) {
    const edge = graph.edges.get(id);
    const flow = edge === undefined ? STILL : flowOf(edge);
    const kept = old.get(id);
    if (kept !== undefined && kept.path.points === points && kept.flow.dotsPerSecond > 0) {
      kept.flow = flow;
      lanes.set(id, kept);
    } else lanes.set(id, started(pathOf(points), flow));
  }
  return lanes;
}

export function TrafficLayer({
  graph,
  placement,
  dimmed,
}: {
  readonly graph: Graph;
  readonly placement: Placement;
  readonly dimmed: ReadonlySet<string>;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const lanes = useRef<Map<string, Lane>>(new Map());
  const faint = useRef(dimmed);
  faint.current = dimmed;
  const store = useStoreApi();

  useEffect(() => {
    lanes.current = lanesFor(placement, graph, lanes.current);
  }, [placement, graph]);

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (element === null || pen === null || pen === undefined) return;
    let frame = 0;
    let before = performance.now();
    let colours = COLOURS.map((token) => colourOf(element, token));
    let coloursAt = before;

    const draw = (now: number) => {
      frame = requestAnimationFrame(draw);
      if (now - before < FRAME_MS) return;
      const seconds = Math.min(0.1, (now - before) / 1000);
      before = now;
      if (now - coloursAt > 1000) {
        colours = COLOURS.map((token) => colourOf(element, token));
        coloursAt = now;
      }
      const { width, height, transform } = store.getState();
      const [x, y, zoom] = transform;
      const scale = window.devicePixelRatio;
      if (element.width !== width * scale || element.height !== height * scale) {
        element.width = width * scale;
        element.height = height * scale;
      }
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.clearRect(0, 0, width, height);
      const size = Math.max(1.4, Math.min(4, 3.2 * zoom));
      for (const [id, lane] of lanes.current) {
        advance(lane, seconds);
        pen.globalAlpha = faint.current.has(id) ? 0.15 : 1;
        for (const dot of lane.dots) {
          const at = pointAt(lane.path, dot.distance);
          pen.fillStyle = colours[dot.failed ? 1 : 0] ?? "";
          pen.beginPath();
          pen.arc(at.x * zoom + x, at.y * zoom + y, dot.failed ? size * 1.35 : size, 0, 7);
          pen.fill();
        }
      }
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [store]);

  return <canvas className="traffic" ref={canvas} />;
}
