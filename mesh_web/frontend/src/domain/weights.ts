// Version weights that always sum to 100.
import { type Percent, percent } from "./units";

export type Weights = Readonly<Record<string, Percent>>;

const clamp = (n: number): number => Math.min(100, Math.max(0, Math.round(n)));

/** Whole numbers in the proportions of `parts` that sum to `total` (largest remainder first). */
function apportion(parts: readonly number[], total: number): number[] {
  const sum = parts.reduce((a, b) => a + b, 0);
  const exact = parts.map((part) => (sum === 0 ? total / parts.length : (part / sum) * total));
  const whole = exact.map(Math.floor);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  let missing = total - whole.reduce((a, b) => a + b, 0);
  for (const { index } of byRemainder) {
    if (missing <= 0) break;
    whole[index] = (whole[index] ?? 0) + 1;
    missing -= 1;
  }
  return whole;
}

/** Set one version's weight; the others share the rest in their present proportions. */
export function withWeight(weights: Weights, version: string, value: number): Weights {
  const others = Object.keys(weights).filter((other) => other !== version);
  if (others.length === 0) return { [version]: percent(100) };
  const own = clamp(value);
  const rest = apportion(
    others.map((other) => weights[other] ?? 0),
    100 - own,
  );
  const next: Record<string, Percent> = {};
  for (const name of Object.keys(weights)) {
    next[name] = percent(name === version ? own : (rest[others.indexOf(name)] ?? 0));
  }
  return next;
}

export const sameWeights = (a: Weights, b: Weights): boolean =>
  Object.keys({ ...a, ...b }).every((version) => a[version] === b[version]);
