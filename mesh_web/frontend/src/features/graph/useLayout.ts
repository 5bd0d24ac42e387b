// Places for the graph's nodes, worked out in a worker and only when the structure changes.
import type { ELK } from "elkjs/lib/elk-api";
import { useEffect, useRef, useState } from "react";
import type { Graph } from "../../domain/graph";
import {
  type Direction,
  type ElkInput,
  type ElkOutput,
  extentOf,
  layoutInput,
  type Placement,
  placementOf,
} from "../../domain/layout";
import { structureKey } from "../../domain/shown";

let engine: Promise<ELK> | null = null;

async function start(): Promise<ELK> {
  const [{ default: Elk }, { default: worker }] = await Promise.all([
    import("elkjs/lib/elk-api"),
    import("elkjs/lib/elk-worker.min.js?url"),
  ]);
  return new Elk({ workerFactory: () => new Worker(worker) });
}

async function run(graph: Graph, input: ElkInput): Promise<Placement> {
  engine ??= start();
  const elk = await engine;
  return placementOf(graph, (await elk.layout(structuredClone(input))) as ElkOutput);
}

/** How large the placement can be drawn in a window of this shape. */
function zoomIn(placement: Placement, width: number, height: number): number {
  const extent = extentOf(placement);
  return Math.min(width / Math.max(extent.width, 1), height / Math.max(extent.height, 1));
}

/** Beyond this a second try costs more than it brings. */
const TRY_BOTH_BELOW = 120;

async function bestPlacement(graph: Graph, labels: boolean, shape: DOMRect): Promise<Placement> {
  const lay = (direction: Direction) => run(graph, layoutInput(graph, labels, direction));
  const upright = shape.height > shape.width;
  if (graph.nodes.size > TRY_BOTH_BELOW) return lay(upright ? "DOWN" : "RIGHT");
  const both = [await lay("RIGHT"), await lay("DOWN")] as const;
  const [right, down] = both.map((one) => zoomIn(one, shape.width, shape.height));
  return (right ?? 0) >= (down ?? 0) ? both[0] : both[1];
}

export interface Layout {
  readonly placement: Placement;
  readonly key: string;
}

interface Laid {
  readonly layout: Layout | null;
  /** Why the latest structure has no layout. */
  readonly error: Error | null;
}

/** No layout until the first is there; then the latest one, while a new one is worked out. */
export function useLayout(
  graph: Graph | null,
  labels: boolean,
  frame: React.RefObject<HTMLElement | null>,
): Laid {
  const [laid, setLaid] = useState<Laid>({ layout: null, error: null });
  const latest = useRef(graph);
  latest.current = graph;
  const key = graph === null ? null : `${labels}|${structureKey(graph)}`;
  useEffect(() => {
    const wanted = latest.current;
    if (key === null || wanted === null) return;
    let outdated = false;
    const shape = frame.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1280, 800);
    bestPlacement(wanted, labels, shape).then(
      (placement) => {
        if (!outdated) setLaid({ layout: { placement, key }, error: null });
      },
      (error: unknown) => {
        if (!outdated) setLaid((before) => ({ ...before, error: new Error(String(error)) }));
      },
    );
    return () => {
      outdated = true;
    };
  }, [key, labels, frame]);
  return laid;
}
