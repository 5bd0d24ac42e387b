// What operations cost, and what slow traces do that fast ones do not.
import type { Milliseconds, Ratio } from "./units";

export interface OperationCost {
  readonly service: string;
  readonly operation: string;
  readonly spans: number;
  readonly errors: number;
  readonly traces: number;
  readonly totalMs: Milliseconds;
  readonly selfMs: Milliseconds;
  /** Its part of all self time. */
  readonly selfShare: Ratio;
  readonly p50Ms: Milliseconds;
  readonly p95Ms: Milliseconds;
  readonly p99Ms: Milliseconds;
  readonly maxMs: Milliseconds;
}

/** Mean self time per trace. */
export interface GroupedOperation {
  readonly service: string;
  readonly operation: string;
  readonly fastMs: Milliseconds;
  readonly slowMs: Milliseconds;
  readonly addedMs: Milliseconds;
  readonly fastShare: Ratio;
  readonly slowShare: Ratio;
  readonly fastErrorRatio: Ratio;
  readonly slowErrorRatio: Ratio;
}

/** The share of each group's traces that have this value somewhere. */
export interface TellingAttribute {
  readonly key: string;
  readonly value: string;
  readonly fastShare: Ratio;
  readonly slowShare: Ratio;
}

export interface Groups {
  /** From this duration on traces count as slow. */
  readonly slowMs: Milliseconds;
  readonly fast: number;
  readonly slow: number;
  readonly operations: readonly GroupedOperation[];
  readonly attributes: readonly TellingAttribute[];
}

export type Column = "self" | "total" | "spans" | "errors" | "p50" | "p95" | "p99" | "max";

const VALUES: Readonly<Record<Column, (one: OperationCost) => number>> = {
  self: (one) => one.selfMs,
  total: (one) => one.totalMs,
  spans: (one) => one.spans,
  errors: (one) => one.errors,
  p50: (one) => one.p50Ms,
  p95: (one) => one.p95Ms,
  p99: (one) => one.p99Ms,
  max: (one) => one.maxMs,
};

/** Most first. */
export const sortedBy = (
  costs: readonly OperationCost[],
  column: Column,
): readonly OperationCost[] => [...costs].sort((a, b) => VALUES[column](b) - VALUES[column](a));
