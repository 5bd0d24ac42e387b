// A trace as a waterfall: which spans are shown, how deep, and where on the time axis.
import type { Milliseconds, UnixSeconds } from "./units";

export interface Span {
  readonly spanId: string;
  readonly parentId: string;
  readonly service: string;
  readonly namespace: string;
  readonly workload: string;
  readonly operation: string;
  readonly kind: string;
  /** From the start of the trace. */
  readonly startMs: Milliseconds;
  readonly durationMs: Milliseconds;
  readonly status: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly depth: number;
}

/** `spans` are depth first, children by start. */
export interface Trace {
  readonly traceId: string;
  readonly start: UnixSeconds;
  readonly durationMs: Milliseconds;
  readonly spans: readonly Span[];
}

export interface TraceSummary {
  readonly traceId: string;
  readonly rootService: string;
  readonly rootOperation: string;
  readonly start: UnixSeconds;
  readonly durationMs: Milliseconds;
  readonly spans: number;
  readonly errors: number;
  readonly services: readonly { readonly name: string; readonly spans: number }[];
}

export interface Row {
  readonly span: Span;
  readonly children: number;
  readonly collapsed: boolean;
  /** Per cent of the trace's width. */
  readonly left: number;
  readonly width: number;
}

export const isError = (span: Span): boolean => span.status.toUpperCase().includes("ERROR");

/** How many spans stand below each span, in depth-first order. */
function descendants(spans: readonly Span[]): number[] {
  return spans.map((span, index) => {
    let below = 0;
    for (const next of spans.slice(index + 1)) {
      if (next.depth <= span.depth) break;
      below += 1;
    }
    return below;
  });
}

/** The visible rows: what stands below a collapsed span is left out. */
export function waterfall(trace: Trace, collapsed: ReadonlySet<string>): readonly Row[] {
  const below = descendants(trace.spans);
  const total = Math.max(trace.durationMs, 0.001);
  const rows: Row[] = [];
  for (let i = 0; i < trace.spans.length; i++) {
    const span = trace.spans[i];
    if (span === undefined) break;
    const folded = collapsed.has(span.spanId);
    rows.push({
      span,
      children: below[i] ?? 0,
      collapsed: folded,
      left: Math.min(100, Math.max(0, (span.startMs / total) * 100)),
      width: Math.min(100, (span.durationMs / total) * 100),
    });
    if (folded) i += below[i] ?? 0;
  }
  return rows;
}

/** Services in order of first appearance: their place chooses their colour. */
export const servicesOf = (trace: Trace): readonly string[] => [
  ...new Set(trace.spans.map((span) => span.service)),
];

/** Time a span spends in no child of its own: what it did itself. */
export function selfTime(trace: Trace, span: Span): number {
  const children = trace.spans
    .filter((child) => child.parentId === span.spanId)
    .map((child) => [child.startMs, child.startMs + child.durationMs] as const)
    .sort((a, b) => a[0] - b[0]);
  const end = span.startMs + span.durationMs;
  let busy = 0;
  let reached: number = span.startMs;
  for (const [from, to] of children) {
    const start = Math.max(from, reached);
    const stop = Math.min(to, end);
    if (stop > start) {
      busy += stop - start;
      reached = stop;
    }
  }
  return Math.max(0, span.durationMs - busy);
}

/** Round times to label an axis with, about `count` of them. */
export function ticks(total: Milliseconds, count: number): readonly number[] {
  if (total <= 0) return [0];
  const rough = total / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((n) => n * magnitude >= rough) ?? 10) * magnitude;
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, i) => i * step);
}
