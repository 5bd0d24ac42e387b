// How long proxies took to have each revision, over the latest revisions.
import type { Revision } from "./mesh";
import { ticksOf } from "./promql";
import type { Milliseconds } from "./units";

export interface Pace {
  readonly number: number;
  readonly state: string;
  readonly p50: Milliseconds;
  readonly p99: Milliseconds;
}

/** Of the newest that proxies have acknowledged, oldest first; some change nothing in a proxy. */
export function paceOf(revisions: readonly Revision[], most: number): readonly Pace[] {
  return revisions
    .flatMap(({ number, state, p50Ms, p99Ms }) =>
      p50Ms === null || p99Ms === null ? [] : [{ number, state, p50: p50Ms, p99: p99Ms }],
    )
    .sort((a, b) => b.number - a.number)
    .slice(0, most)
    .reverse();
}

export interface PaceScale {
  /** 0 to 1 from the left. */
  readonly x: (index: number) => number;
  /** 0 to 1 from the top. */
  readonly y: (ms: number) => number;
  readonly ticks: readonly number[];
}

export function paceScale(paces: readonly Pace[]): PaceScale {
  const ticks = ticksOf(0, Math.max(...paces.map((one) => one.p99), 1), 3);
  const top = ticks[ticks.length - 1] ?? 1;
  return {
    x: (index) => (paces.length < 2 ? 0.5 : (index + 0.5) / paces.length),
    y: (ms) => 1 - ms / top,
    ticks,
  };
}
