// A trace as a waterfall: which spans are shown, how deep, and where on the time axis.
import { type Milliseconds, milliseconds, type UnixSeconds } from "./units";

export type Attributes = Readonly<Record<string, string>>;

interface SpanEvent {
  /** From the start of the trace. */
  readonly atMs: Milliseconds;
  readonly name: string;
  readonly attributes: Attributes;
}

interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

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
  /** Without the time of its children. */
  readonly selfMs: Milliseconds;
  readonly status: string;
  readonly message: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scope: string;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly depth: number;
}

/** From `startMs` to `endMs` the trace waited for the span at this place. */
export interface Section {
  readonly span: number;
  readonly startMs: Milliseconds;
  readonly endMs: Milliseconds;
}

/** `spans` are depth first, children by start; a span is known by its place: ids may come twice. */
export interface Trace {
  readonly traceId: string;
  readonly start: UnixSeconds;
  readonly durationMs: Milliseconds;
  readonly spans: readonly Span[];
  readonly criticalPath: readonly Section[];
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

/** A part of the trace's time, from 0 to 1. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export const WHOLE: Window = { from: 0, to: 1 };

/** Per cent of the shown window's width; may lie outside it. */
export interface Bar {
  readonly left: number;
  readonly width: number;
}

export interface Row {
  /** The place of the span in the trace. */
  readonly index: number;
  readonly span: Span;
  /** How many spans stand below it. */
  readonly below: number;
  readonly folded: boolean;
  readonly bar: Bar;
  /** Where the trace waited for it; of a folded one: for it or what it hides. */
  readonly critical: readonly Bar[];
}

export const isError = (span: Span): boolean => span.status.toUpperCase().includes("ERROR");

/** How many spans stand below each span. */
export function descendants(spans: readonly Span[]): readonly number[] {
  const below = new Array<number>(spans.length).fill(0);
  const open: number[] = [];
  const close = (depth: number, at: number) => {
    for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
      if ((spans[last]?.depth ?? 0) < depth) return;
      below[last] = at - last - 1;
      open.pop();
    }
  };
  spans.forEach((span, index) => {
    close(span.depth, index);
    open.push(index);
  });
  close(0, spans.length);
  return below;
}

function barOf(trace: Trace, window: Window, start: number, length: number): Bar {
  const total = Math.max(trace.durationMs, 0.001);
  const share = window.to - window.from;
  return {
    left: ((start / total - window.from) / share) * 100,
    width: (length / total / share) * 100,
  };
}

/** What of a bar is within the window; null where nothing is. */
export function visible({ left, width }: Bar): Bar | null {
  const from = Math.max(0, left);
  const to = Math.min(100, left + width);
  return from > 100 || to < 0 ? null : { left: from, width: Math.max(0, to - from) };
}

/** Sections by time; those that touch are one. */
function joined(sections: readonly Section[]): readonly Section[] {
  const found: Section[] = [];
  for (const section of [...sections].sort((a, b) => a.startMs - b.startMs)) {
    const last = found.at(-1);
    if (last !== undefined && section.startMs <= last.endMs + 1e-6) {
      const endMs = milliseconds(Math.max(last.endMs, section.endMs));
      found[found.length - 1] = { ...last, endMs };
    } else found.push(section);
  }
  return found;
}

/** The visible rows: what stands below a folded span is left out. */
export function waterfall(
  trace: Trace,
  folded: ReadonlySet<number>,
  window: Window = WHOLE,
): readonly Row[] {
  const below = descendants(trace.spans);
  const shown: { readonly index: number; readonly span: Span }[] = [];
  const owner = new Array<number>(trace.spans.length).fill(0);
  for (let i = 0; i < trace.spans.length; i++) {
    const span = trace.spans[i];
    if (span === undefined) break;
    const hidden = folded.has(i) ? (below[i] ?? 0) : 0;
    owner.fill(shown.length, i, i + hidden + 1);
    shown.push({ index: i, span });
    i += hidden;
  }
  const sections = new Map<number, Section[]>();
  for (const section of trace.criticalPath) {
    const row = owner[section.span];
    if (row === undefined) continue;
    const known = sections.get(row);
    if (known === undefined) sections.set(row, [section]);
    else known.push(section);
  }
  return shown.map(({ index, span }, row) => ({
    index,
    span,
    below: below[index] ?? 0,
    folded: folded.has(index),
    bar: barOf(trace, window, span.startMs, span.durationMs),
    critical: joined(sections.get(row) ?? []).map((section) =>
      barOf(trace, window, section.startMs, section.endMs - section.startMs),
    ),
  }));
}

/** What folds when everything deeper than `depth` is hidden. */
export function foldedBelow(trace: Trace, depth: number): ReadonlySet<number> {
  const below = descendants(trace.spans);
  return new Set(
    trace.spans.flatMap((span, i) => (span.depth >= depth && (below[i] ?? 0) > 0 ? [i] : [])),
  );
}

/** The places of a span's ancestors, nearest first. */
export function ancestors(spans: readonly Span[], index: number): readonly number[] {
  const found: number[] = [];
  let depth = spans[index]?.depth ?? 0;
  for (let i = index - 1; i >= 0 && depth > 0; i--) {
    const span = spans[i];
    if (span !== undefined && span.depth < depth) {
      found.push(i);
      depth = span.depth;
    }
  }
  return found;
}

/** Services in order of first appearance: their place chooses their colour. */
export const servicesOf = (trace: Trace): readonly string[] => [
  ...new Set(trace.spans.map((span) => span.service)),
];

const holds = (attributes: Attributes, word: string): boolean =>
  Object.entries(attributes).some(([key, value]) => `${key}=${value}`.toLowerCase().includes(word));

function matches(span: Span, word: string): boolean {
  return (
    span.service.toLowerCase().includes(word) ||
    span.operation.toLowerCase().includes(word) ||
    span.workload.toLowerCase().includes(word) ||
    span.message.toLowerCase().includes(word) ||
    span.spanId === word ||
    (word === "error" && isError(span)) ||
    holds(span.attributes, word) ||
    holds(span.resource, word) ||
    span.events.some(
      (event) => event.name.toLowerCase().includes(word) || holds(event.attributes, word),
    )
  );
}

/** The places of the spans that contain every word, in names, attributes (`key=value`) or events. */
export function findSpans(trace: Trace, query: string): readonly number[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return trace.spans.flatMap((span, i) => (words.every((word) => matches(span, word)) ? [i] : []));
}

/** Round numbers to label an axis with, about `count` of them, from `from` to `to`. */
export function ticksBetween(from: number, to: number, count: number): readonly number[] {
  const total = to - from;
  if (!(total > 0) || !Number.isFinite(total)) return [from];
  const rough = total / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((n) => n * magnitude >= rough) ?? 10) * magnitude;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** Round times to label an axis with, about `count` of them. */
export const ticks = (total: Milliseconds, count: number): readonly number[] =>
  ticksBetween(0, total, count);
