// What the REST API tells of the mesh besides its graph.
import type { Effects } from "./effects";
import type { Health } from "./graph";
import type { Milliseconds, Percent, UnixSeconds } from "./units";

export interface Finding {
  readonly code: string;
  readonly severity: "error" | "warning" | "info";
  readonly resource: string;
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

export interface ProxyAck {
  readonly id: string;
  readonly pod: string;
  readonly namespace: string;
  readonly state: string;
  readonly ms: Milliseconds | null;
  readonly error: string;
}

export interface Change {
  readonly resource: string;
  readonly action: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What every write answers: the revision it made and how far the proxies have followed. */
export interface WriteResult {
  readonly revision: number | null;
  readonly state: string;
  readonly message: string;
  readonly dryRun: boolean;
  readonly ms: Milliseconds | null;
  readonly converged: number;
  readonly total: number;
  readonly findings: readonly Finding[];
  readonly proxies: readonly ProxyAck[];
  readonly changes: readonly Change[];
  /** Of a dry run: what would change in the Envoys. */
  readonly effects: Effects | null;
}

/** What Envoy said of a revision before any proxy was told. */
export interface Trial {
  readonly outcome: string;
  /** How many different parts it was asked about. */
  readonly parts: number;
  readonly ms: Milliseconds;
  readonly error: string;
}

export interface Revision {
  readonly number: number;
  readonly state: string;
  readonly author: string;
  readonly message: string;
  readonly createdAt: UnixSeconds;
  readonly ms: Milliseconds | null;
  /** Within this time half of the proxies that have it had it; p99: nearly all of them. */
  readonly p50Ms: Milliseconds | null;
  readonly p99Ms: Milliseconds | null;
  readonly converged: number;
  readonly total: number;
  readonly changes: readonly Change[];
  readonly proxies: readonly ProxyAck[];
  readonly findings: readonly Finding[];
  readonly system: boolean;
  readonly reverts: number | null;
  /** Null: there was nothing to try, or it is not that far. */
  readonly trial: Trial | null;
  /** Of the trace from the request to each proxy's answer. */
  readonly traceId: string | null;
}

export type MtlsMode = "DISABLE" | "PERMISSIVE" | "STRICT";
export const MTLS_MODES: readonly MtlsMode[] = ["DISABLE", "PERMISSIVE", "STRICT"];

export interface Mtls {
  readonly mode: string | null;
  readonly effective: string;
  readonly source: string;
}

export interface NamespaceRow {
  readonly name: string;
  readonly mtls: string;
  readonly services: number;
  readonly workloads: number;
  readonly podsReady: number;
  readonly podsTotal: number;
}

interface ServiceVersion {
  readonly version: string;
  readonly workload: string;
  readonly podsReady: number;
  readonly podsTotal: number;
  readonly weight: Percent | null;
}

export interface ServiceDetail {
  readonly namespace: string;
  readonly name: string;
  readonly host: string;
  readonly ports: readonly {
    readonly name: string;
    readonly number: number;
    readonly protocol: string;
  }[];
  readonly podsReady: number;
  readonly podsTotal: number;
  readonly health: Health;
  readonly versions: readonly ServiceVersion[];
  readonly weightsEditable: boolean;
  readonly mtls: string;
  readonly resources: readonly string[];
  readonly findings: readonly Finding[];
}

export interface WorkloadRow {
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  readonly app: string;
  readonly version: string;
  readonly serviceAccount: string;
  readonly gateway: boolean;
  readonly replicas: number;
  readonly podsReady: number;
  readonly restarts: number;
  readonly mtls: string;
  readonly message: string;
}

export interface PodRow {
  readonly namespace: string;
  readonly name: string;
  readonly workload: string;
  readonly replicaSet: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly proxyRestarts: number;
  readonly address: string;
  readonly node: string;
  readonly message: string;
  readonly startedAt: UnixSeconds | null;
}

interface ProxyType {
  readonly state: string;
  readonly version: string;
  readonly ackedAt: UnixSeconds | null;
}

export interface ProxyRow {
  readonly id: string;
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly connected: boolean;
  readonly revision: number | null;
  readonly state: string;
  readonly types: Readonly<Record<string, ProxyType>>;
  readonly certificateExpiresAt: UnixSeconds | null;
}

export interface Session {
  readonly user: string;
  readonly role: string;
  readonly csrf: string;
}

export const mayWrite = (session: Session): boolean => session.role !== "viewer";

export type Tone = "neutral" | "good" | "warning" | "bad" | "busy";

/** How a revision's state reads at a glance. */
export function revisionTone(state: string): Tone {
  if (state === "converged") return "good";
  if (state === "partial") return "warning";
  if (state === "rejected") return "bad";
  if (state === "superseded") return "neutral";
  return "busy";
}

/** "Tried: Envoy took 12 changed parts in 83 ms", or what it said. */
export function trialSentence(trial: Trial): string {
  if (trial.outcome === "refused") return "Envoy refused it in a trial: no proxy was told";
  if (trial.outcome !== "passed") return "Pushed untried: Envoy could not be asked";
  const parts = trial.parts === 1 ? "part" : "parts";
  return `Tried: Envoy took ${trial.parts} changed ${parts} in ${Math.round(trial.ms)} ms`;
}

/** "6 of 6 proxies converged in 34 ms", or how far it has come. */
export function convergenceSentence(result: {
  readonly state: string;
  readonly converged: number;
  readonly total: number;
  readonly ms: Milliseconds | null;
}): string {
  if (result.total === 0 && result.state === "converged") return "No proxy had anything to change";
  const proxies = result.total === 1 ? "proxy" : "proxies";
  const count = `${result.converged} of ${result.total} ${proxies} converged`;
  if (result.ms === null) return count;
  const time =
    result.ms >= 1000 ? `${(result.ms / 1000).toFixed(1)} s` : `${Math.round(result.ms)} ms`;
  return `${count} in ${time}`;
}

export interface AckGroup {
  readonly word: "refused" | "waiting" | "starting" | "disconnected" | "acknowledged";
  /** The fastest first. */
  readonly proxies: readonly ProxyAck[];
}

const ACK_ORDER: readonly AckGroup["word"][] = [
  "refused",
  "waiting",
  "starting",
  "disconnected",
  "acknowledged",
];

/** A pending proxy holds a revision up while it is pushed; after that it is one that starts. */
function ackWord(proxy: ProxyAck, pushing: boolean): AckGroup["word"] {
  if (proxy.state === "rejected") return "refused";
  if (proxy.state === "disconnected") return "disconnected";
  if (proxy.state === "pending") return pushing ? "waiting" : "starting";
  return "acknowledged";
}

/** Proxies by what became of a revision there, what needs attention first; none is empty. */
export function ackGroups(state: string, proxies: readonly ProxyAck[]): readonly AckGroup[] {
  const pushing = revisionTone(state) === "busy";
  return ACK_ORDER.map((word) => ({
    word,
    proxies: proxies
      .filter((proxy) => ackWord(proxy, pushing) === word)
      .sort((a, b) => (a.ms ?? Infinity) - (b.ms ?? Infinity)),
  })).filter((group) => group.proxies.length > 0);
}
