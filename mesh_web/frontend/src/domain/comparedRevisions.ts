// What differs between the configurations of two revisions.
import type { Json } from "./dump";
import type { Change } from "./mesh";

export interface FieldDifference {
  readonly path: string;
  readonly action: string;
  readonly before: Json;
  readonly after: Json;
}

interface ComparedChange extends Change {
  readonly fields: readonly FieldDifference[];
}

export interface Comparison {
  readonly changes: readonly ComparedChange[];
}

/** The two newest: what one would compare first. 0 is before the first. */
export function neighbours(numbers: readonly number[]): readonly [number, number] {
  const [latest = 0, before = 0] = [...numbers].sort((a, b) => b - a);
  return [before, latest];
}

const LONGEST = 120;

/** A value in one line. */
export function formatValue(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
