// Records of proxies and applications, and spans between them, as lines.
import type { Attributes } from "./trace";
import { formatDuration, type Milliseconds, milliseconds, type UnixSeconds } from "./units";

export const KINDS = ["access", "log", "span"] as const;
export type LogKind = (typeof KINDS)[number];

export interface LogEntry {
  readonly kind: LogKind;
  readonly time: UnixSeconds;
  readonly traceId: string;
  readonly spanId: string;
  readonly namespace: string;
  readonly workload: string;
  readonly severity: string;
  readonly body: string;
  /** Of spans. */
  readonly durationMs: Milliseconds;
  readonly attributes: Attributes;
}

export const LOG_LOOKBACKS = ["5m", "15m", "1h", "6h", "1d", "7d"] as const;
type LogLookback = (typeof LOG_LOOKBACKS)[number];

export interface LogView {
  /** `namespace/name`, or "". */
  readonly workload: string;
  readonly traceId: string;
  readonly q: string;
  readonly kinds: readonly LogKind[];
  readonly lookback: LogLookback;
  /** Told anew every few seconds. */
  readonly live: boolean;
}

const DEFAULT_KINDS: readonly LogKind[] = ["access", "log"];
const same = (a: readonly string[], b: readonly string[]) => a.join() === b.join();

/** Read a view; what is missing or unknown is the default. */
export function parseLogView(params: URLSearchParams): LogView {
  const traceId = params.get("trace") ?? "";
  const wanted = (params.get("kinds") ?? "").split(",");
  const kinds = KINDS.filter((kind) => wanted.includes(kind));
  const traced = /^[0-9a-f]{32}$/.test(traceId);
  return {
    workload: params.get("workload") ?? "",
    traceId: traced ? traceId : "",
    q: (params.get("q") ?? "").slice(0, 512),
    kinds: kinds.length > 0 ? kinds : traced ? KINDS : DEFAULT_KINDS,
    lookback: LOG_LOOKBACKS.find((one) => one === params.get("lookback")) ?? (traced ? "7d" : "1h"),
    live: params.get("live") !== "0",
  };
}

export function formatLogView(view: LogView): string {
  const params = new URLSearchParams();
  const traced = view.traceId !== "";
  if (view.workload !== "") params.set("workload", view.workload);
  if (traced) params.set("trace", view.traceId);
  if (view.q !== "") params.set("q", view.q);
  if (!same(view.kinds, traced ? KINDS : DEFAULT_KINDS)) params.set("kinds", view.kinds.join(","));
  if (view.lookback !== (traced ? "7d" : "1h")) params.set("lookback", view.lookback);
  if (!view.live) params.set("live", "0");
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** What the server is asked; a workload without a namespace is one of any. */
export function askedLogs(view: LogView): URLSearchParams {
  const [first = "", ...rest] = view.workload.split("/");
  const params = new URLSearchParams();
  const name = rest.length > 0 ? rest.join("/") : first;
  if (rest.length > 0 && first !== "") params.set("namespace", first);
  if (name !== "") params.set("workload", name);
  if (view.traceId !== "") params.set("trace_id", view.traceId);
  if (view.q !== "") params.set("q", view.q);
  for (const kind of view.kinds) params.append("kind", kind);
  params.set("lookback", view.lookback);
  return params;
}

const known = (value: string | undefined): string =>
  value === undefined || value === "-" ? "" : value;

export type Level = "error" | "warning" | "plain";

/** How bad a record is, by its severity, its status or what Envoy says of the response. */
export function levelOf({ severity, attributes, kind }: LogEntry): Level {
  const status = Number(known(attributes["response_code"] ?? attributes["http.status_code"]));
  const flags = known(attributes["response_flags"]);
  if (/ERR|FATAL|CRIT|EMERG|PANIC/i.test(severity) || status >= 500) return "error";
  if (kind === "access" && status === 0 && flags !== "") return "error";
  return /WARN/i.test(severity) || status >= 400 || (kind === "access" && flags !== "")
    ? "warning"
    : "plain";
}

/** One line of a record, its telling parts first. */
export function lineOf(entry: LogEntry): string {
  const { attributes, body, kind } = entry;
  if (kind === "span") return `${body} ${formatDuration(entry.durationMs)}`;
  if (kind === "log") return body;
  const of = (name: string) => known(attributes[name]);
  const took =
    of("duration_ms") === "" ? "" : formatDuration(milliseconds(Number(of("duration_ms"))));
  const outbound = of("reporter") === "source";
  const peer = outbound
    ? `to ${of("destination_workload") || of("upstream_cluster") || "nobody"}`
    : `from ${
        of("downstream_peer")
          .replace(/^spiffe:\/\/[^/]*\/ns\//, "")
          .replace("/sa/", "/") || "plain text"
      }`;
  const request =
    of("method") === ""
      ? `TCP ${of("bytes_received") || 0} B in, ${of("bytes_sent") || 0} B out`
      : `${of("method")} ${of("authority")}${of("path")}`;
  const why = [
    of("response_flags"),
    of("response_flags") === "" ? "" : of("response_code_details"),
  ];
  return [of("response_code"), request, peer, took, ...why, body].filter(Boolean).join("  ");
}

/** Who asked, and where from, as a search in Explain; null where it is no request of a workload. */
export function explainOf(entry: LogEntry): string | null {
  const { attributes, namespace, workload, kind } = entry;
  const host = known(attributes["authority"]);
  if (kind !== "access" || attributes["reporter"] !== "source" || host === "") return null;
  const method = known(attributes["method"]) || "GET";
  const url = `http://${host}${known(attributes["path"])}`;
  return `/explain?${new URLSearchParams({ source: `${namespace}/${workload}`, method, url })}`;
}
