// Two traces side by side: what one has and the other has not.
import type { Milliseconds } from "./units";

interface Side {
  readonly spans: number;
  readonly errors: number;
  readonly totalMs: Milliseconds;
  readonly selfMs: Milliseconds;
}

/** Spans of both traces with the same way down from the root; steps are depth first. */
export interface ComparedStep {
  readonly depth: number;
  readonly service: string;
  readonly operation: string;
  readonly a: Side;
  readonly b: Side;
}

export type Difference = "only-a" | "only-b" | "fewer" | "more" | "same";

/** How B differs from A in what it did. */
export function difference({ a, b }: ComparedStep): Difference {
  if (b.spans === 0) return "only-a";
  if (a.spans === 0) return "only-b";
  if (a.spans === b.spans) return "same";
  return b.spans > a.spans ? "more" : "fewer";
}

/** Self time that B spends more than A; negative where it spends less. */
export const addedMs = ({ a, b }: ComparedStep): number => b.selfMs - a.selfMs;

export interface Totals {
  readonly onlyA: number;
  readonly onlyB: number;
  readonly changed: number;
  /** The largest difference of self time there is, to draw bars by. */
  readonly largestMs: number;
}

export function totals(steps: readonly ComparedStep[]): Totals {
  const count = (...kinds: readonly Difference[]) =>
    steps.filter((step) => kinds.includes(difference(step))).length;
  return {
    onlyA: count("only-a"),
    onlyB: count("only-b"),
    changed: count("more", "fewer"),
    largestMs: Math.max(...steps.map((step) => Math.abs(addedMs(step))), 0.001),
  };
}
