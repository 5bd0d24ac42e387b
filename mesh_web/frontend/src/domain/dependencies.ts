// Services that call each other, placed from left to right.
import { type Milliseconds, type Ratio, ratio } from "./units";

export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: Milliseconds;
  readonly p95Ms: Milliseconds;
  readonly p99Ms: Milliseconds;
}

interface Placed {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly dependency: Dependency;
  readonly from: Placed;
  readonly to: Placed;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly services: readonly Placed[];
  readonly lines: readonly Line[];
}

export const BOX = { width: 148, height: 34 } as const;
const GAP = { x: 72, y: 18 } as const;

export const errorRatio = (one: Dependency): Ratio =>
  ratio(one.calls === 0 ? 0 : one.errors / one.calls);

/** How far from a root each service is at most; what closes a circle is not followed. */
function columns(dependencies: readonly Dependency[]): ReadonlyMap<string, number> {
  const below = new Map<string, string[]>();
  for (const { parent, child } of dependencies) {
    below.set(parent, [...(below.get(parent) ?? []), child]);
    if (!below.has(child)) below.set(child, []);
  }
  const depth = new Map<string, number>();
  const order: string[] = [];
  const seen = new Map<string, "open" | "done">();
  const closing = new Set<string>();
  const visit = (name: string) => {
    seen.set(name, "open");
    for (const next of below.get(name) ?? []) {
      if (seen.get(next) === "open") closing.add(`${name}\n${next}`);
      else if (!seen.has(next)) visit(next);
    }
    seen.set(name, "done");
    order.unshift(name);
  };
  const called = new Set(dependencies.filter((d) => d.parent !== d.child).map((d) => d.child));
  const roots = [...below.keys()].filter((name) => !called.has(name));
  for (const name of [...roots, ...below.keys()]) if (!seen.has(name)) visit(name);
  for (const name of order) {
    const mine = depth.get(name) ?? 0;
    depth.set(name, mine);
    for (const next of below.get(name) ?? []) {
      if (closing.has(`${name}\n${next}`)) continue;
      depth.set(next, Math.max(depth.get(next) ?? 0, mine + 1));
    }
  }
  return depth;
}

/** Callers left of whom they call; within a column near those who call them. */
export function picture(dependencies: readonly Dependency[]): Picture {
  const depth = columns(dependencies);
  const ranks: string[][] = [];
  for (const [name, column] of depth) {
    while (ranks.length <= column) ranks.push([]);
    ranks[column]?.push(name);
  }
  const rank = new Map<string, number>();
  const callersRank = (name: string) => {
    const above = dependencies
      .filter((d) => d.child === name && rank.has(d.parent))
      .map((d) => rank.get(d.parent) ?? 0);
    return above.length === 0 ? 0 : above.reduce((sum, one) => sum + one, 0) / above.length;
  };
  for (const names of ranks) {
    names.sort((a, b) => callersRank(a) - callersRank(b) || a.localeCompare(b));
    names.forEach((name, i) => {
      rank.set(name, names.length < 2 ? 0.5 : i / (names.length - 1));
    });
  }
  const tallest = Math.max(...ranks.map((names) => names.length), 1);
  const height = tallest * (BOX.height + GAP.y) + GAP.y;
  const services = ranks.flatMap((names, column) =>
    names.map((name, i): Placed => {
      const step = height / names.length;
      return {
        name,
        x: GAP.x / 4 + column * (BOX.width + GAP.x),
        y: step * (i + 0.5) - BOX.height / 2,
      };
    }),
  );
  const byName = new Map(services.map((one) => [one.name, one]));
  const lines = dependencies.flatMap((dependency): Line[] => {
    const from = byName.get(dependency.parent);
    const to = byName.get(dependency.child);
    return from === undefined || to === undefined ? [] : [{ dependency, from, to }];
  });
  return {
    width: Math.max(ranks.length, 1) * (BOX.width + GAP.x) - GAP.x / 2,
    height,
    services,
    lines,
  };
}

/** A line from the caller's right side to the called one's left side; back again below both. */
export function lineShape({ from, to }: Line): string {
  const y1 = from.y + BOX.height / 2;
  const y2 = to.y + BOX.height / 2;
  const x1 = from.x + BOX.width;
  if (to.x > from.x) {
    const bend = (to.x - x1) / 2;
    return `M${x1},${y1}C${x1 + bend},${y1} ${to.x - bend},${y2} ${to.x - 6},${y2}`;
  }
  const low = Math.max(y1, y2) + BOX.height;
  return `M${x1},${y1}C${x1 + 40},${low} ${to.x - 40},${low} ${to.x - 6},${y2}`;
}
