// Dots that travel along edges: how many, how fast, and where on the path they are.
import { type GraphEdge, isTcp } from "./graph";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Path {
  readonly points: readonly Point[];
  /** Distance from the start to each point. */
  readonly reached: readonly number[];
  readonly length: number;
}

export interface Flow {
  readonly dotsPerSecond: number;
  readonly pixelsPerSecond: number;
  readonly errorRatio: number;
}

export const STILL: Flow = { dotsPerSecond: 0, pixelsPerSecond: 0, errorRatio: 0 };

/** Both grow with the logarithm of the rate: a quiet edge is seen to live, a busy one is no blur. */
export function flowOf(edge: GraphEdge): Flow {
  const bytes = edge.bytesSentPerSecond + edge.bytesReceivedPerSecond;
  const rate = isTcp(edge) ? bytes / 1000 : edge.requestsPerSecond;
  if (rate <= 0) return STILL;
  const magnitude = Math.log2(1 + rate);
  return {
    dotsPerSecond: Math.min(5, 0.35 + 0.5 * magnitude),
    pixelsPerSecond: Math.min(190, 55 + 18 * magnitude),
    errorRatio: edge.errorRatio,
  };
}

export function pathOf(points: readonly Point[]): Path {
  const reached: number[] = [];
  let length = 0;
  points.forEach((point, i) => {
    const before = points[i - 1];
    if (before !== undefined) length += Math.hypot(point.x - before.x, point.y - before.y);
    reached.push(length);
  });
  return { points, reached, length };
}

/** The point at `distance` from the start. */
export function pointAt(path: Path, distance: number): Point {
  const last = path.points.at(-1) ?? { x: 0, y: 0 };
  const next = path.reached.findIndex((at) => at >= distance);
  if (next === -1) return last;
  const to = path.points[next] ?? last;
  const from = path.points[next - 1];
  if (from === undefined) return to;
  const start = path.reached[next - 1] ?? 0;
  const span = (path.reached[next] ?? 0) - start;
  const part = span === 0 ? 0 : (distance - start) / span;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

/** An SVG path through the points, its corners rounded. */
export function roundedPath(points: readonly Point[], radius: number): string {
  const [first] = points;
  if (first === undefined) return "";
  let d = `M${first.x},${first.y}`;
  for (let i = 1; i < points.length; i++) {
    const corner = points[i];
    const before = points[i - 1];
    const after = points[i + 1];
    if (corner === undefined || before === undefined) break;
    if (after === undefined) {
      d += `L${corner.x},${corner.y}`;
      continue;
    }
    const r = Math.min(
      radius,
      Math.hypot(corner.x - before.x, corner.y - before.y) / 2,
      Math.hypot(after.x - corner.x, after.y - corner.y) / 2,
    );
    const enter = towards(corner, before, r);
    const leave = towards(corner, after, r);
    d += `L${enter.x},${enter.y}Q${corner.x},${corner.y} ${leave.x},${leave.y}`;
  }
  return d;
}

function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length === 0) return from;
  return {
    x: from.x + ((to.x - from.x) / length) * distance,
    y: from.y + ((to.y - from.y) / length) * distance,
  };
}
