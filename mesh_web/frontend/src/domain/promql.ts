// Answers to PromQL queries as lines of a plot and rows of a table.
import type { UnixSeconds } from "./units";
import { unixSeconds } from "./units";

export interface Point {
  readonly at: UnixSeconds;
  readonly value: number;
}
export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}
export interface Answer {
  readonly lines: readonly Line[];
  readonly notes: readonly string[];
}
/** One request that a series counted, and its trace. */
export interface Exemplar {
  readonly series: string;
  readonly traceId: string;
  readonly at: UnixSeconds;
  readonly value: number;
}
export interface Window {
  readonly start: UnixSeconds;
  readonly end: UnixSeconds;
  readonly step: number;
}

/** Lines that a plot can tell apart; more are only in the table. */
export const MOST_LINES = 20;
/** Colours there are; lines beyond repeat them. */
export const COLOURS = 8;

export const RANGES: readonly { readonly label: string; readonly seconds: number }[] = [
  { label: "5m", seconds: 300 },
  { label: "30m", seconds: 1800 },
  { label: "1h", seconds: 3600 },
  { label: "6h", seconds: 21_600 },
  { label: "1d", seconds: 86_400 },
];

/** Some 240 steps, on whole multiples of the step, so that a repeated question has equal moments. */
export function windowUntil(now: UnixSeconds, seconds: number): Window {
  const step = Math.max(1, Math.round(seconds / 240));
  const end = Math.floor(now / step) * step;
  return { start: unixSeconds(end - seconds), end: unixSeconds(end), step };
}

/** As a person would select it: `up{job="api"}`. */
export function nameOf(metric: Readonly<Record<string, string>>): string {
  const { __name__: name = "", ...labels } = metric;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  if (pairs.length === 0) return name === "" ? "{}" : name;
  return `${name}{${pairs.join(", ")}}`;
}

/** Prometheus's text of a number. */
export function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

/** Six significant figures at most; an exponent where there would be many noughts. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e12)) return value.toExponential(2);
  return Number(value.toPrecision(6)).toString();
}

/** Round values from at most the least to at least the greatest. */
export function ticksOf(least: number, greatest: number, about = 5): readonly number[] {
  const span = greatest - least || Math.abs(greatest) || 1;
  const rough = span / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const first = Math.floor(least / step) * step;
  const count = Math.ceil((greatest - first) / step - 1e-9) || 1;
  return Array.from({ length: count + 1 }, (_, i) => Number((first + i * step).toPrecision(12)));
}

/** The plot's vertical range: of finite values, from nought where they are near it. */
export function rangeOf(lines: readonly Line[]): readonly [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const { points } of lines) {
    for (const { value } of points) {
      if (!Number.isFinite(value)) continue;
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
  }
  if (least > greatest) return [0, 1];
  return [least > 0 && least < greatest * 0.7 ? 0 : least, greatest];
}

/** Stretches without a gap of more than two steps and without values that cannot be drawn. */
export function stretches(points: readonly Point[], step: number): readonly (readonly Point[])[] {
  const found: Point[][] = [];
  let open: Point[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (!Number.isFinite(point.value)) continue;
    if (point.at - last > 2 * step && open.length > 0) {
      found.push(open);
      open = [];
    }
    open.push(point);
    last = point.at;
  }
  if (open.length > 0) found.push(open);
  return found;
}

/** The value of each line at the moment nearest to `at`, where it has one within a step. */
export function valueAt(line: Line, at: number, step: number): number | null {
  let best: Point | null = null;
  for (const point of line.points) {
    if (best === null || Math.abs(point.at - at) < Math.abs(best.at - at)) best = point;
  }
  return best !== null && Math.abs(best.at - at) <= step ? best.value : null;
}
