// The server's state as queries, and the writes that change it.
import {
  keepPreviousData,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useMemo } from "react";
import * as v from "valibot";
import { newest } from "../domain/lists";
import type { MtlsMode, WriteResult } from "../domain/mesh";
import type { Weights } from "../domain/weights";
import { type ApiPath, call, callAll, carryCsrf } from "./client";
import { useLiveRevisions } from "./live";
import {
  breakerSchema,
  dumpSchema,
  mtlsSchema,
  namespaceSchema,
  pageOf,
  podSchema,
  revisionSchema,
  serviceSchema,
  sessionSchema,
  suspensionSchema,
  traceSchema,
  traceSummarySchema,
  workloadSchema,
  writeResultSchema,
} from "./schema";

const segment = encodeURIComponent;
/** How a write waits: long enough for a busy laptop, short enough to say so. */
const WAIT = { wait: "converged", timeout: "5s" } as const;

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => {
    const session = await call("/session", sessionSchema, { signal });
    carryCsrf(session.csrf);
    return session;
  },
  retry: false,
  staleTime: Number.POSITIVE_INFINITY,
});

export function useLogin() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (credentials: { readonly username: string; readonly password: string }) =>
      call("/login", v.unknown(), { method: "POST", json: credentials }),
    onSuccess: () => queries.resetQueries(),
  });
}

export function useLogout() {
  return useMutation({
    mutationFn: () => call("/logout", v.unknown(), { method: "POST", json: {} }),
    onSuccess: () => window.location.assign("/login"),
  });
}

export const useNamespaces = () =>
  useQuery({
    queryKey: ["namespaces"],
    queryFn: ({ signal }) => callAll("/namespaces", namespaceSchema, { signal }),
    refetchInterval: 10_000,
  });

export const useService = (namespace: string, name: string) =>
  useQuery({
    queryKey: ["service", namespace, name],
    queryFn: ({ signal }) =>
      call(`/services/${segment(namespace)}/${segment(name)}`, serviceSchema, { signal }),
    refetchInterval: 5000,
  });

export const useWorkloads = () =>
  useQuery({
    queryKey: ["workloads"],
    queryFn: ({ signal }) => callAll("/workloads", workloadSchema, { signal }),
    refetchInterval: 3000,
  });

export const usePods = (of: { readonly namespace: string; readonly workload: string } | null) =>
  useQuery({
    queryKey: ["pods", of],
    queryFn: ({ signal }) => callAll("/pods", podSchema, { query: { ...of }, signal }),
    refetchInterval: 3000,
  });

/** Every revision there is room for on a page; the latest come live. */
export function useRevisions() {
  const live = useLiveRevisions();
  const query = useQuery({
    queryKey: ["revisions"],
    queryFn: ({ signal }) =>
      call("/revisions", pageOf(revisionSchema), { query: { limit: 100 }, signal }),
    staleTime: 60_000,
  });
  const known = query.data?.items;
  const revisions = useMemo(
    () =>
      live.value === null && known === undefined ? null : newest(live.value ?? [], known ?? []),
    [live.value, known],
  );
  return { revisions, error: revisions === null ? query.error : null, connection: live.connection };
}

/** One revision: told live while it is among the latest. */
export function useRevision(number: number) {
  const live = useLiveRevisions();
  const told = live.value?.find((one) => one.number === number);
  const query = useQuery({
    queryKey: ["revision", number],
    queryFn: ({ signal }) => call(`/revisions/${number}`, revisionSchema, { signal }),
    enabled: told === undefined,
  });
  const revision = told ?? query.data ?? null;
  return { revision, error: revision === null ? query.error : null };
}

/** What a proxy is served; `version` changes when any of it does. */
export const useConfigDump = (id: string, version: string) =>
  useQuery({
    queryKey: ["config_dump", id, version],
    queryFn: ({ signal }) => call(`/proxies/${segment(id)}/config_dump`, dumpSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

export interface TraceFilter {
  readonly service?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly operation?: string;
  readonly minDurationMs?: string;
  readonly error?: boolean;
  readonly lookback?: string;
  readonly limit?: number;
}

export const useTraces = (filter: TraceFilter) =>
  useQuery({
    queryKey: ["traces", filter],
    queryFn: ({ signal }) =>
      call("/traces", pageOf(traceSummarySchema), {
        query: {
          service: filter.service,
          source: filter.source,
          destination: filter.destination,
          operation: filter.operation,
          min_duration_ms: filter.minDurationMs,
          error: filter.error === true ? true : null,
          lookback: filter.lookback ?? "15m",
          limit: filter.limit ?? 20,
        },
        signal,
      }),
    refetchInterval: 5000,
    placeholderData: keepPreviousData,
  });

export const useTrace = (id: string) =>
  useQuery({
    queryKey: ["trace", id],
    queryFn: ({ signal }) => call(`/traces/${segment(id)}`, traceSchema, { signal }),
    staleTime: 10_000,
  });

export const useMtls = (namespace: string | null) =>
  useQuery({
    queryKey: ["mtls", namespace],
    queryFn: ({ signal }) => call(mtlsPath(namespace), mtlsSchema, { signal }),
    refetchInterval: 10_000,
  });

const mtlsPath = (namespace: string | null): ApiPath =>
  namespace === null ? "/mtls" : `/namespaces/${segment(namespace)}/mtls`;

/** A write to the mesh; when it is through, everything shown is read again. */
function useWrite<A>(mutationFn: (argument: A) => Promise<WriteResult>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => queries.invalidateQueries() });
}

const SETTLED: readonly string[] = ["converged", "partial", "rejected", "superseded"];

/** A write's answer, kept up to date while the proxies still follow. */
export function useFollowed(result: WriteResult | undefined): WriteResult | undefined {
  const revision = result?.revision ?? null;
  const open = result !== undefined && !SETTLED.includes(result.state) && !result.dryRun;
  const later = useQuery({
    queryKey: ["revision", revision],
    queryFn: ({ signal }) => call(`/revisions/${revision}`, revisionSchema, { signal }),
    enabled: open && revision !== null,
    refetchInterval: (query) => (SETTLED.includes(query.state.data?.state ?? "") ? false : 500),
  }).data;
  if (result === undefined || !open || later === undefined) return result;
  const { state, ms, converged, total, proxies } = later;
  return { ...result, state, ms, converged, total, proxies };
}

export const useSetWeights = (namespace: string, name: string) =>
  useWrite((weights: Weights) =>
    call(`/namespaces/${segment(namespace)}/services/${segment(name)}/weights`, writeResultSchema, {
      method: "PUT",
      json: weights,
      query: WAIT,
    }),
  );

export const useSetMtls = (namespace: string | null) =>
  useWrite((mode: MtlsMode) =>
    call(mtlsPath(namespace), writeResultSchema, { method: "PUT", json: { mode }, query: WAIT }),
  );

type Suspendable = "services" | "workloads";
const suspendPath = (what: Suspendable, namespace: string, name: string): ApiPath =>
  `/namespaces/${segment(namespace)}/${what}/${segment(name)}/suspend`;

export const useSuspension = (what: Suspendable, namespace: string, name: string) =>
  useQuery({
    queryKey: ["suspend", what, namespace, name],
    queryFn: ({ signal }) => call(suspendPath(what, namespace, name), suspensionSchema, { signal }),
    refetchInterval: 5000,
  });

/** The argument is how long it lasts: "10m", or "" until it is resumed. */
export const useSuspend = (what: Suspendable, namespace: string, name: string) =>
  useWrite((expires: string) =>
    call(suspendPath(what, namespace, name), writeResultSchema, {
      method: "PUT",
      json: { expires },
      query: WAIT,
    }),
  );

export const useResume = (what: Suspendable, namespace: string, name: string) =>
  useWrite((_: undefined) =>
    call(suspendPath(what, namespace, name), writeResultSchema, { method: "DELETE", query: WAIT }),
  );

export const useBreakers = (namespace: string, service: string) =>
  useQuery({
    queryKey: ["breakers", namespace, service],
    queryFn: ({ signal }) =>
      callAll("/breakers", breakerSchema, { signal, query: { namespace, service } }),
    refetchInterval: 1500,
  });

/** `force`: also where others that refer to it break. */
interface Insisted {
  readonly force?: boolean;
}

const writing = ({ force = false }: Insisted) => (force ? { ...WAIT, force } : WAIT);

interface Reversion extends Insisted {
  readonly revision: number;
}

export const useRevert = () =>
  useWrite(({ revision, ...how }: Reversion) =>
    call(`/revisions/${revision}/revert`, writeResultSchema, {
      method: "POST",
      json: {},
      query: writing(how),
    }),
  );

export interface Application extends Insisted {
  readonly yaml: string;
  readonly dryRun: boolean;
  readonly message: string;
  /** "10m": after this long what changes is put back as it was; "" for good. */
  readonly expires: string;
}

export const useApply = () =>
  useWrite(({ yaml, dryRun, message, expires, ...how }: Application) =>
    call("/apply", writeResultSchema, {
      method: "POST",
      yaml,
      query: {
        ...(dryRun ? { dry_run: true } : { ...writing(how), message }),
        ...(expires === "" ? {} : { expires }),
      },
    }),
  );

export interface Deletion extends Insisted {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export const useDeleteResource = () =>
  useWrite(({ kind, namespace, name, ...how }: Deletion) =>
    call(
      `/namespaces/${segment(namespace || "x")}/${segment(kind)}/${segment(name)}` as "/namespaces/x/y/z",
      writeResultSchema,
      { method: "DELETE", query: writing(how) },
    ),
  );

function useAction<A>(mutationFn: (argument: A) => Promise<unknown>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => queries.invalidateQueries() });
}

const workloadPath = (namespace: string, name: string) =>
  `/workloads/${segment(namespace)}/${segment(name)}` as const;

export const useScale = (namespace: string, name: string) =>
  useAction((replicas: number) =>
    call(`${workloadPath(namespace, name)}/scale`, v.unknown(), {
      method: "PUT",
      json: { replicas },
    }),
  );

export const useRestart = (namespace: string, name: string) =>
  useAction(() =>
    call(`${workloadPath(namespace, name)}/restart`, v.unknown(), { method: "POST", json: {} }),
  );

export const useDeletePod = () =>
  useAction((pod: { readonly namespace: string; readonly name: string }) =>
    call(`/pods/${segment(pod.namespace)}/${segment(pod.name)}`, v.unknown(), {
      method: "DELETE",
    }),
  );
