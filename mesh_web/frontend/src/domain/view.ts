// What the address bar says about the graph view, so that a view can be shared.

export type Metric = "rate" | "errors" | "p95";
/** What stands for the workloads. */
export type GraphType = "workload" | "app" | "versionedApp" | "service";

export interface View {
  /** A node, edge or namespace id; "mesh"; or null. */
  readonly selected: string | null;
  readonly windowSeconds: number;
  readonly namespaces: readonly string[];
  readonly metric: Metric;
  readonly idleNodes: boolean;
  readonly serviceNodes: boolean;
  readonly labels: boolean;
  /** With the calls of Meshweb's own processes to one another. */
  readonly own: boolean;
  readonly graphType: GraphType;
  /** A time gone by, in Unix seconds; null: now. */
  readonly at: number | null;
}

export const WINDOWS: readonly { readonly seconds: number; readonly label: string }[] = [
  { seconds: 10, label: "10s" },
  { seconds: 60, label: "1m" },
  { seconds: 300, label: "5m" },
  { seconds: 3600, label: "1h" },
];

export const GRAPH_TYPES: readonly { readonly value: GraphType; readonly label: string }[] = [
  { value: "workload", label: "Workloads" },
  { value: "app", label: "Apps" },
  { value: "versionedApp", label: "Versions" },
  { value: "service", label: "Services" },
];

const LIVE_WINDOWS: readonly number[] = [10, 60, 300];

/** What nobody tells live is read from the store. */
export const isStored = (view: View): boolean =>
  view.at !== null ||
  view.own ||
  view.graphType !== "workload" ||
  !LIVE_WINDOWS.includes(view.windowSeconds);

export const DEFAULT_VIEW: View = {
  selected: null,
  windowSeconds: 60,
  namespaces: [],
  metric: "rate",
  idleNodes: true,
  serviceNodes: true,
  labels: true,
  own: false,
  graphType: "workload",
  at: null,
};

const METRICS: readonly Metric[] = ["rate", "errors", "p95"];

/** Read a view; what is missing or unknown is the default. */
export function parseView(params: URLSearchParams): View {
  const seconds = Number(params.get("window"));
  const metric = METRICS.find((known) => known === params.get("metric"));
  return {
    selected: params.get("select"),
    windowSeconds: WINDOWS.some((w) => w.seconds === seconds)
      ? seconds
      : DEFAULT_VIEW.windowSeconds,
    namespaces: (params.get("namespaces") ?? "").split(",").filter(Boolean),
    metric: metric ?? DEFAULT_VIEW.metric,
    idleNodes: params.get("idle") !== "0",
    serviceNodes: params.get("services") !== "0",
    labels: params.get("labels") !== "0",
    own: params.get("own") === "1",
    graphType:
      GRAPH_TYPES.find(({ value }) => value === params.get("type"))?.value ??
      DEFAULT_VIEW.graphType,
    at: /^\d{1,11}$/.test(params.get("at") ?? "") ? Number(params.get("at")) : null,
  };
}

/** The shortest query string that `parseView` reads back as this view. */
export function formatView(view: View): string {
  const params = new URLSearchParams();
  if (view.selected !== null) params.set("select", view.selected);
  if (view.windowSeconds !== DEFAULT_VIEW.windowSeconds) {
    params.set("window", String(view.windowSeconds));
  }
  if (view.namespaces.length > 0) params.set("namespaces", view.namespaces.join(","));
  if (view.metric !== DEFAULT_VIEW.metric) params.set("metric", view.metric);
  if (!view.idleNodes) params.set("idle", "0");
  if (!view.serviceNodes) params.set("services", "0");
  if (!view.labels) params.set("labels", "0");
  if (view.own) params.set("own", "1");
  if (view.graphType !== DEFAULT_VIEW.graphType) params.set("type", view.graphType);
  if (view.at !== null) params.set("at", String(view.at));
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
