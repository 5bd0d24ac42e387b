// The edge: what the server sends is checked here once, and becomes the domain's values.

import * as v from "valibot";
import type { BreakerRow, Suspension } from "../domain/breaker";
import type { ComparedStep } from "../domain/comparison";
import type { Dependency } from "../domain/dependencies";
import type { Dump, Json } from "../domain/dump";
import type { Effects } from "../domain/effects";
import type { EdgeBreaker, Graph, GraphDelta, GraphEdge, GraphNode } from "../domain/graph";
import type { ProxiesDelta } from "../domain/lists";
import type { LogEntry } from "../domain/logs";
import type {
  Change,
  Finding,
  Mtls,
  NamespaceRow,
  PodRow,
  ProxyAck,
  ProxyRow,
  Revision,
  ServiceDetail,
  Session,
  Trial,
  WorkloadRow,
  WriteResult,
} from "../domain/mesh";
import type { Groups, OperationCost } from "../domain/operations";
import type { Span, Trace, TraceSummary } from "../domain/trace";
import {
  bytesPerSecond,
  milliseconds,
  percent,
  perSecond,
  ratio,
  unixSeconds,
} from "../domain/units";
import type { components as LiveComponents } from "./live.gen";
import type { components as RestComponents } from "./openapi.gen";

/** Anything unknown that parses to T. */
export type Schema<T> = v.GenericSchema<unknown, T>;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;
type Camelled<T> = { [K in keyof T as K extends string ? Camel<K> : K]: T[K] };

const camel = (key: string): string =>
  key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function camelled<T extends object>(value: T): Camelled<T> {
  const entries = Object.entries(value).map(([key, inner]) => [camel(key), inner]);
  return Object.fromEntries(entries) as Camelled<T>;
}

/** An object whose snake_case keys become camelCase. */
export const record = <E extends v.ObjectEntries>(entries: E) =>
  v.pipe(
    v.object(entries),
    v.transform((value) => camelled(value)),
  );

export const text = v.optional(v.string(), "");
export const count = v.optional(v.number(), 0);
export const flag = v.optional(v.boolean(), false);
export const listOf = <S extends v.GenericSchema>(item: S) => v.optional(v.array(item), []);
export const orNull = <S extends v.GenericSchema>(item: S) => v.nullish(item, null);

const ms = v.pipe(v.number(), v.transform(milliseconds));
const share = v.pipe(count, v.transform(ratio));
const rate = v.pipe(count, v.transform(perSecond));
const byteRate = v.pipe(count, v.transform(bytesPerSecond));
const weight = v.pipe(v.number(), v.transform(percent));
/** Unix seconds, or an ISO date. */
export const moment = v.pipe(
  v.union([v.number(), v.string()]),
  v.transform((at) => unixSeconds(typeof at === "number" ? at : Date.parse(at) / 1000)),
);

/** 0 stands for no revision. */
const revisionNumber = v.pipe(
  v.nullish(v.number(), null),
  v.transform((number) => number || null),
);

const health = v.optional(v.picklist(["idle", "healthy", "degraded", "failing"]), "idle");

const graphNode = record({
  id: v.string(),
  kind: v.picklist(["workload", "app", "service", "gateway", "external", "unknown"]),
  namespace: text,
  name: v.string(),
  app: text,
  version: text,
  health,
  pods_ready: count,
  pods_desired: count,
  requests_per_second: rate,
  error_ratio: share,
  badges: listOf(v.string()),
}) satisfies Schema<GraphNode>;

const edgeBreaker = record({
  state: v.picklist(["open", "half-open"]),
  since: orNull(moment),
  until: orNull(moment),
  refusing: v.boolean(),
  ejected: listOf(v.string()),
}) satisfies Schema<EdgeBreaker>;

const graphEdge = record({
  id: v.string(),
  source: v.string(),
  target: v.string(),
  protocol: v.string(),
  requests_per_second: rate,
  requests_total: count,
  error_ratio: share,
  p50_ms: orNull(ms),
  p95_ms: orNull(ms),
  p99_ms: orNull(ms),
  mtls_ratio: share,
  responses: v.optional(v.record(v.string(), v.number()), {}),
  bytes_sent_per_second: byteRate,
  bytes_received_per_second: byteRate,
  connections_open: count,
  health,
  seen_by: listOf(v.picklist(["metrics", "traces"])),
  breaker: v.optional(v.nullable(edgeBreaker), null),
}) satisfies Schema<GraphEdge>;

const graphSnapshot = v.pipe(
  v.object({
    at: moment,
    window_seconds: v.number(),
    nodes: v.array(graphNode),
    edges: v.array(graphEdge),
  }),
  v.transform(
    ({ at, window_seconds, nodes, edges }): Graph => ({
      at,
      windowSeconds: window_seconds,
      nodes: new Map(nodes.map((node) => [node.id, node])),
      edges: new Map(edges.map((edge) => [edge.id, edge])),
    }),
  ),
);

export const graphSchema: Schema<Graph> = graphSnapshot;

const graphDelta = v.object({
  at: moment,
  nodes: v.optional(v.record(v.string(), v.nullable(graphNode)), {}),
  edges: v.optional(v.record(v.string(), v.nullable(graphEdge)), {}),
});
export const graphDeltaSchema: Schema<GraphDelta> = graphDelta;

export const envelopeSchema = v.object({
  topic: v.string(),
  epoch: v.string(),
  seq: v.number(),
  snapshot: v.optional(v.unknown()),
  delta: v.optional(v.unknown()),
});

export const findingSchema = record({
  code: v.string(),
  severity: v.optional(v.picklist(["error", "warning", "info"]), "error"),
  resource: text,
  path: text,
  message: text,
  fix: text,
}) satisfies Schema<Finding>;

export const errorSchema = v.object({
  code: text,
  message: text,
  path: text,
  findings: listOf(findingSchema),
});

const proxyAck = record({
  id: v.string(),
  pod: text,
  namespace: text,
  state: text,
  ms: orNull(ms),
  error: text,
}) satisfies Schema<ProxyAck>;

const change = record({
  resource: v.string(),
  action: text,
  before: orNull(v.string()),
  after: orNull(v.string()),
}) satisfies Schema<Change>;

export const effectsSchema = record({
  proxies: count,
  pods: listOf(v.object({ namespace: text, workload: text, starts: count, ends: count })),
  groups: listOf(
    v.object({
      count,
      proxies: listOf(v.object({ id: v.string(), pod: text, namespace: text })),
      changes: listOf(
        record({
          type: v.string(),
          name: v.string(),
          action: v.string(),
          fields: listOf(v.object({ path: text, action: text, text })),
          origins: listOf(v.string()),
          left_out: count,
        }),
      ),
    }),
  ),
  left_out_groups: count,
  left_out_changes: count,
}) satisfies Schema<Effects>;

export const writeResultSchema = record({
  revision: revisionNumber,
  state: text,
  message: text,
  dry_run: flag,
  ms: orNull(ms),
  converged: count,
  total: count,
  findings: listOf(findingSchema),
  proxies: listOf(proxyAck),
  changes: listOf(change),
  effects: orNull(effectsSchema),
}) satisfies Schema<WriteResult>;

const trial = record({
  outcome: text,
  parts: count,
  ms,
  error: text,
}) satisfies Schema<Trial>;

export const revisionSchema = record({
  number: v.number(),
  state: text,
  author: text,
  message: text,
  created_at: moment,
  ms: orNull(ms),
  p50_ms: orNull(ms),
  p99_ms: orNull(ms),
  converged: count,
  total: count,
  changes: listOf(change),
  proxies: listOf(proxyAck),
  findings: listOf(findingSchema),
  system: flag,
  reverts: orNull(v.number()),
  trial: orNull(trial),
  trace_id: orNull(text),
}) satisfies Schema<Revision>;

export const mtlsSchema = record({
  mode: orNull(v.string()),
  effective: text,
  source: text,
}) satisfies Schema<Mtls>;

export const namespaceSchema = record({
  name: v.string(),
  mtls: text,
  services: count,
  workloads: count,
  pods_ready: count,
  pods_total: count,
}) satisfies Schema<NamespaceRow>;

const serviceVersion = record({
  version: v.string(),
  workload: text,
  pods_ready: count,
  pods_total: count,
  weight: orNull(weight),
});

export const serviceSchema = record({
  namespace: v.string(),
  name: v.string(),
  host: text,
  ports: listOf(v.object({ name: text, number: v.number(), protocol: text })),
  pods_ready: count,
  pods_total: count,
  health,
  versions: listOf(serviceVersion),
  weights_editable: flag,
  mtls: text,
  resources: listOf(v.string()),
  findings: listOf(findingSchema),
}) satisfies Schema<ServiceDetail>;

export const workloadSchema = record({
  namespace: v.string(),
  name: v.string(),
  kind: text,
  app: text,
  version: text,
  service_account: text,
  gateway: flag,
  replicas: count,
  pods_ready: count,
  restarts: count,
  mtls: text,
  message: text,
}) satisfies Schema<WorkloadRow>;

const breakerState = v.picklist(["closed", "half-open", "open"]);

export const breakerSchema = record({
  source: record({ namespace: v.string(), workload: v.string(), pod: v.string() }),
  port: v.number(),
  subset: text,
  state: breakerState,
  refusing: flag,
  called: flag,
  since: orNull(moment),
  until: orNull(moment),
  endpoints: listOf(
    record({
      address: v.string(),
      pod: text,
      state: breakerState,
      since: moment,
      until: moment,
      ejections: count,
    }),
  ),
  healthy: orNull(v.number()),
  total: orNull(v.number()),
  limits: listOf(record({ name: v.string(), most: v.number(), reached: flag, turned_away: count })),
  policy: text,
}) satisfies Schema<BreakerRow>;

export const suspensionSchema = record({
  suspended: v.boolean(),
  reason: text,
  expires_at: text,
  source: text,
}) satisfies Schema<Suspension>;

export const podSchema = record({
  namespace: v.string(),
  name: v.string(),
  workload: text,
  replica_set: text,
  phase: text,
  ready: flag,
  restarts: count,
  proxy_restarts: count,
  address: text,
  node: text,
  message: text,
  started_at: orNull(moment),
}) satisfies Schema<PodRow>;

const proxySchema = record({
  id: v.string(),
  namespace: text,
  pod: text,
  workload: text,
  connected: flag,
  revision: revisionNumber,
  state: text,
  types: v.optional(
    v.record(v.string(), record({ state: text, version: text, acked_at: orNull(moment) })),
    {},
  ),
  certificate_expires_at: orNull(moment),
}) satisfies Schema<ProxyRow>;

export const revisionsSnapshotSchema = v.pipe(
  v.object({ revisions: v.array(revisionSchema) }),
  v.transform(({ revisions }): readonly Revision[] => revisions),
) satisfies Schema<readonly Revision[]>;
export const revisionDeltaSchema = v.pipe(
  v.object({ revision: revisionSchema }),
  v.transform(({ revision }): Revision => revision),
) satisfies Schema<Revision>;
export const proxiesSnapshotSchema = v.pipe(
  v.object({ proxies: v.array(proxySchema) }),
  v.transform(({ proxies }): readonly ProxyRow[] => proxies),
) satisfies Schema<readonly ProxyRow[]>;
export const proxiesDeltaSchema = v.pipe(
  v.object({ proxies: v.record(v.string(), v.nullable(proxySchema)) }),
  v.transform(({ proxies }): ProxiesDelta => proxies),
) satisfies Schema<ProxiesDelta>;

/** Whatever was parsed from JSON is JSON. */
export const json: v.GenericSchema<unknown, Json> = v.pipe(
  v.unknown(),
  v.transform((value) => (value ?? null) as Json),
);
const served = v.object({ name: v.string(), version: text, config: orNull(json) });
const secret = v.object({
  name: v.string(),
  version: text,
  source: text,
  certificates: listOf(
    record({
      subject: text,
      issuer: text,
      sans: listOf(v.string()),
      serial: text,
      not_before: moment,
      not_after: moment,
      authority: flag,
    }),
  ),
});
const envoyWord = v.object({
  answered: flag,
  error: text,
  differences: listOf(v.object({ type: v.string(), name: v.string(), problem: text })),
});

export const dumpSchema = v.object({
  proxy: v.string(),
  revision: revisionNumber,
  clusters: listOf(served),
  endpoints: listOf(served),
  listeners: listOf(served),
  routes: listOf(served),
  secrets: listOf(secret),
  bootstrap: orNull(json),
  envoy: v.optional(envoyWord, { answered: false, error: "", differences: [] }),
}) satisfies Schema<Dump>;

export const sessionSchema = v.object({
  user: v.string(),
  role: v.string(),
  csrf: text,
}) satisfies Schema<Session>;

export const traceSummarySchema = record({
  trace_id: v.string(),
  root_service: text,
  root_operation: text,
  start: moment,
  duration_ms: ms,
  spans: count,
  errors: count,
  services: listOf(v.object({ name: v.string(), spans: count })),
}) satisfies Schema<TraceSummary>;

const attribute = v.pipe(
  v.unknown(),
  v.transform((value) => (typeof value === "string" ? value : JSON.stringify(value))),
);

const attributes = v.optional(v.record(v.string(), attribute), {});

const span = record({
  span_id: v.string(),
  parent_id: v.pipe(
    v.nullish(v.string(), ""),
    v.transform((id) => id ?? ""),
  ),
  service: text,
  namespace: text,
  workload: text,
  operation: text,
  kind: text,
  start_ms: ms,
  duration_ms: ms,
  self_ms: ms,
  status: text,
  message: text,
  attributes,
  resource: attributes,
  scope: text,
  events: listOf(record({ at_ms: ms, name: text, attributes })),
  links: listOf(record({ trace_id: v.string(), span_id: v.string(), attributes })),
  depth: count,
}) satisfies Schema<Span>;

export const traceSchema = record({
  trace_id: v.string(),
  start: moment,
  duration_ms: ms,
  spans: listOf(span),
  critical_path: listOf(record({ span: v.number(), start_ms: ms, end_ms: ms })),
}) satisfies Schema<Trace>;

export const operationCostSchema = record({
  service: v.string(),
  operation: v.string(),
  spans: count,
  errors: count,
  traces: count,
  total_ms: ms,
  self_ms: ms,
  self_share: share,
  p50_ms: ms,
  p95_ms: ms,
  p99_ms: ms,
  max_ms: ms,
}) satisfies Schema<OperationCost>;

export const groupsSchema = record({
  slow_ms: ms,
  fast: count,
  slow: count,
  operations: listOf(
    record({
      service: v.string(),
      operation: v.string(),
      fast_ms: ms,
      slow_ms: ms,
      added_ms: ms,
      fast_share: share,
      slow_share: share,
      fast_error_ratio: share,
      slow_error_ratio: share,
    }),
  ),
  attributes: listOf(
    record({ key: v.string(), value: v.string(), fast_share: share, slow_share: share }),
  ),
}) satisfies Schema<Groups>;

export const dependencySchema = record({
  parent: v.string(),
  child: v.string(),
  calls: count,
  errors: count,
  p50_ms: ms,
  p95_ms: ms,
  p99_ms: ms,
}) satisfies Schema<Dependency>;

export const suggestionSchema = v.object({ text: v.string(), spans: count }) satisfies Schema<{
  readonly text: string;
  readonly spans: number;
}>;

const side = record({ spans: count, errors: count, total_ms: ms, self_ms: ms });
export const comparedStepSchema = record({
  depth: count,
  service: v.string(),
  operation: v.string(),
  a: side,
  b: side,
}) satisfies Schema<ComparedStep>;

export const logEntrySchema = record({
  kind: v.picklist(["access", "log", "span"]),
  time: moment,
  trace_id: text,
  span_id: text,
  namespace: text,
  workload: text,
  severity: text,
  body: text,
  duration_ms: ms,
  attributes,
}) satisfies Schema<LogEntry>;

/** A cursor-paged list. */
export const pageOf = <T>(item: Schema<T>) =>
  v.object({ items: v.array(item), next: v.nullish(v.string(), null) });

/** Does not compile where a schema does not take what the server's generated types say. */
export type Accepts<S extends v.GenericSchema, Sent extends v.InferInput<S>> = [S, Sent];
type Live = LiveComponents["schemas"];
type Rest = RestComponents["schemas"];
/**
 * Does not compile where the server's generated types say something that no schema here takes.
 * @public
 */
export type Checked = [
  Accepts<typeof envelopeSchema, Live["GraphSnapshotMessage"]>,
  Accepts<typeof envelopeSchema, Live["GraphDeltaMessage"]>,
  Accepts<typeof graphSnapshot, Live["GraphOut"]>,
  Accepts<typeof graphDelta, Live["GraphDelta"]>,
  Accepts<typeof graphNode, Live["GraphNodeOut"]>,
  Accepts<typeof graphEdge, Live["GraphEdgeOut"]>,
  Accepts<typeof envelopeSchema, Live["RevisionsSnapshotMessage"]>,
  Accepts<typeof envelopeSchema, Live["ProxiesDeltaMessage"]>,
  Accepts<typeof sessionSchema, Rest["SessionOut"]>,
  Accepts<typeof findingSchema, Rest["FindingOut"]>,
  Accepts<typeof change, Rest["ChangeOut"]>,
  Accepts<typeof effectsSchema, Rest["EffectsOut"]>,
  Accepts<typeof writeResultSchema, Rest["WriteOut"]>,
  Accepts<typeof revisionSchema, Rest["RevisionOut"]>,
  Accepts<typeof mtlsSchema, Rest["ModeOut"]>,
  Accepts<typeof namespaceSchema, Rest["NamespaceOut"]>,
  Accepts<typeof serviceSchema, Rest["ServiceDetailOut"]>,
  Accepts<typeof workloadSchema, Rest["WorkloadOut"]>,
  Accepts<typeof podSchema, Rest["PodOut"]>,
  Accepts<typeof proxySchema, Rest["ProxyOut"]>,
  Accepts<typeof dumpSchema, Rest["DumpOut"]>,
  Accepts<typeof traceSummarySchema, Rest["TraceSummaryOut"]>,
  Accepts<typeof traceSchema, Rest["TraceOut"]>,
  Accepts<typeof operationCostSchema, Rest["StatisticsOut"]>,
  Accepts<typeof groupsSchema, Rest["GroupsOut"]>,
  Accepts<typeof dependencySchema, Rest["DependencyOut"]>,
  Accepts<typeof suggestionSchema, Rest["SuggestionOut"]>,
  Accepts<typeof comparedStepSchema, Rest["ComparedStepOut"]>,
  Accepts<typeof logEntrySchema, Rest["LogOut"]>,
];
