// Certificates, roots and their rotation.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as v from "valibot";
import type { Certificate, Roots, ServedCertificate } from "../domain/certificates";
import { call, callAll } from "./client";
import type { components } from "./openapi.gen";
import {
  type Accepts,
  count,
  flag,
  listOf,
  moment,
  orNull,
  record,
  type Schema,
  text,
} from "./schema";

const certificateSchema = record({
  proxy: v.string(),
  namespace: text,
  pod: text,
  workload: text,
  identity: text,
  serial: text,
  issuer: text,
  issued_at: orNull(moment),
  expires_at: moment,
  renewing: flag,
}) satisfies Schema<Certificate>;

const servedSchema = record({
  namespace: text,
  name: v.string(),
  subject: text,
  issuer: text,
  sans: listOf(v.string()),
  serial: text,
  not_before: moment,
  not_after: moment,
  authority: flag,
  gateways: listOf(v.string()),
}) satisfies Schema<ServedCertificate>;

const holder = v.object({ kind: text, name: v.string(), lacks: text });
const rotation = record({
  number: v.number(),
  phase: v.string(),
  automatic: flag,
  open: flag,
  old: text,
  new: text,
  started_by: text,
  started_at: moment,
  phase_since: moment,
  ended_at: orNull(moment),
  proved: count,
  total: count,
  waiting: listOf(holder),
});
const rootsSchema = v.object({
  roots: listOf(
    record({
      fingerprint: v.string(),
      subject: text,
      not_before: moment,
      not_after: moment,
      trusted: flag,
      signs: flag,
    }),
  ),
  rotation: orNull(rotation),
}) satisfies Schema<Roots>;
const plannedSchema = v.object({ total: count, waiting: listOf(holder) });

type Rest = components["schemas"];
/** @public */
export type CheckedCertificates = [
  Accepts<typeof certificateSchema, Rest["CertificateOut"]>,
  Accepts<typeof servedSchema, Rest["ServedCertificateOut"]>,
  Accepts<typeof rootsSchema, Rest["RootsOut"]>,
];

export const useCertificates = () =>
  useQuery({
    queryKey: ["certificates"],
    queryFn: ({ signal }) => callAll("/certificates", certificateSchema, { signal }),
    refetchInterval: (query) =>
      query.state.data?.some((one) => one.renewing) === true ? 1000 : 5000,
  });

export const useGatewayCertificates = () =>
  useQuery({
    queryKey: ["certificates", "gateways"],
    queryFn: ({ signal }) => callAll("/certificates/gateways", servedSchema, { signal }),
    refetchInterval: 30_000,
  });

const ROOTS = ["certificates", "roots"] as const;

/** Asked often while a rotation is under way. */
export const useRoots = () =>
  useQuery({
    queryKey: ROOTS,
    queryFn: ({ signal }) => call("/certificates/roots", rootsSchema, { signal }),
    refetchInterval: (query) => (query.state.data?.rotation?.open === true ? 700 : 10_000),
  });

/** Who would have to prove each phase. */
export const usePlannedRotation = (asked: boolean) =>
  useQuery({
    queryKey: ["certificates", "planned"],
    queryFn: ({ signal }) =>
      call("/certificates/rotation", plannedSchema, {
        method: "POST",
        json: {},
        query: { dry_run: true },
        signal,
      }),
    enabled: asked,
    retry: false,
    gcTime: 0,
  });

export interface NewRoot {
  readonly automatic: boolean;
  readonly certificate: string;
  readonly key: string;
}

export function useRotation() {
  const queries = useQueryClient();
  const onSettled = () => queries.invalidateQueries({ queryKey: ["certificates"] });
  const start = useMutation({
    mutationFn: (given: NewRoot) =>
      call("/certificates/rotation", rootsSchema, { method: "POST", json: given }),
    onSettled,
  });
  const move = useMutation({
    mutationFn: (what: "continue" | "abort") =>
      call(`/certificates/rotation/${what}` as "/certificates/rotation/continue", rootsSchema, {
        method: "POST",
        json: {},
      }),
    onSettled,
  });
  return { start, move };
}

const renewalSchema = record({ identity: text, shared_with: listOf(v.string()) });

export function useRenewal() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (proxy: string) =>
      call(`/proxies/${encodeURIComponent(proxy)}/certificate/rotate`, renewalSchema, {
        method: "POST",
        json: {},
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["certificates"] }),
  });
}
