// What the address bar says about the traces page: the search, the tab, the traces chosen.

export const LOOKBACKS = ["5m", "15m", "1h", "6h", "1d", "7d"] as const;
type Lookback = (typeof LOOKBACKS)[number];

const TABS = ["list", "statistics", "groups", "dependencies"] as const;
export type Tab = (typeof TABS)[number];

export const LIMITS = [20, 100, 500] as const;

export interface TraceSearch {
  readonly service: string;
  readonly source: string;
  readonly destination: string;
  readonly operation: string;
  /** Milliseconds as typed, or "". */
  readonly min: string;
  readonly max: string;
  readonly error: boolean;
  /** Whether Meshweb's own processes are looked at, too. */
  readonly own: boolean;
  /** In words. */
  readonly q: string;
  readonly lookback: Lookback;
  /** Unix seconds; null for now. */
  readonly end: number | null;
  readonly limit: number;
}

export interface TraceView extends TraceSearch {
  readonly tab: Tab;
  /** From this many milliseconds on a trace is slow; "" for the slowest tenth. */
  readonly slow: string;
  /** Trace ids chosen to be compared, at most two. */
  readonly chosen: readonly string[];
}

const TEXTS = ["service", "source", "destination", "operation", "min", "max", "q", "slow"] as const;
const TRACE_ID = /^[0-9a-f]{32}$/;

const positive = (text: string): string =>
  Number(text) > 0 && Number(text) <= 86_400_000 ? text : "";

/** Read a view; what is missing or unknown is the default. */
export function parseTraceView(params: URLSearchParams): TraceView {
  const text = (key: (typeof TEXTS)[number]) => params.get(key) ?? "";
  const end = Number(params.get("end"));
  const limit = Number(params.get("limit"));
  return {
    service: text("service"),
    source: text("source"),
    destination: text("destination"),
    operation: text("operation"),
    min: positive(text("min")),
    max: positive(text("max")),
    error: params.get("error") === "1",
    own: params.get("own") === "1",
    q: text("q"),
    lookback: LOOKBACKS.find((one) => one === params.get("lookback")) ?? "15m",
    end: end > 0 && end <= 4e9 ? end : null,
    limit: LIMITS.find((one) => one === limit) ?? 100,
    tab: TABS.find((one) => one === params.get("tab")) ?? "list",
    slow: positive(text("slow")),
    chosen: (params.get("chosen") ?? "")
      .split(",")
      .filter((id) => TRACE_ID.test(id))
      .slice(0, 2),
  };
}

/** The shortest query string that `parseTraceView` reads back as this view. */
export function formatTraceView(view: TraceView): string {
  const params = new URLSearchParams();
  for (const key of TEXTS) if (view[key] !== "") params.set(key, view[key]);
  if (view.error) params.set("error", "1");
  if (view.own) params.set("own", "1");
  if (view.lookback !== "15m") params.set("lookback", view.lookback);
  if (view.end !== null) params.set("end", String(view.end));
  if (view.limit !== 100) params.set("limit", String(view.limit));
  if (view.tab !== "list") params.set("tab", view.tab);
  if (view.chosen.length > 0) params.set("chosen", view.chosen.join(","));
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** What the server is asked. */
export function asked(
  search: TraceSearch,
): Readonly<Record<string, string | number | boolean | null>> {
  return {
    service: search.service,
    source: search.source,
    destination: search.destination,
    operation: search.operation,
    min_duration_ms: search.min,
    max_duration_ms: search.max,
    error: search.error ? true : null,
    own: search.own ? true : null,
    q: search.q,
    lookback: search.lookback,
    end: search.end,
    limit: search.limit,
  };
}

/** The chosen traces with one more, or one fewer: of three the first goes. */
export function choose(chosen: readonly string[], id: string): readonly string[] {
  return chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-2);
}
