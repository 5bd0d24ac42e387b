// Rules and alerts in Prometheus's API, and the files that they come from.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as v from "valibot";
import { numberOf } from "../domain/promql";
import type { Alert, Rule, RuleFile, RuleGroup } from "../domain/rules";
import { type UnixSeconds, unixSeconds } from "../domain/units";
import { call, callAll } from "./client";
import { prometheus } from "./metrics";
import type { components } from "./openapi.gen";
import {
  type Accepts,
  count,
  findingSchema,
  flag,
  listOf,
  record,
  type Schema,
  text,
} from "./schema";

/** RFC 3339; Go's zero time stands for never. */
export const when = v.pipe(
  v.optional(v.string(), ""),
  v.transform((at): UnixSeconds | null => {
    const seconds = Date.parse(at) / 1000;
    return Number.isFinite(seconds) && seconds > 0 ? unixSeconds(seconds) : null;
  }),
);
export const texts = v.optional(v.record(v.string(), v.string()), {});

const alert = v.object({
  labels: texts,
  annotations: texts,
  state: text,
  activeAt: when,
  value: v.pipe(v.optional(v.string(), "NaN"), v.transform(numberOf)),
}) satisfies Schema<Alert>;

const rule = v.object({
  name: v.string(),
  query: text,
  type: text,
  labels: texts,
  annotations: texts,
  health: text,
  lastError: text,
  lastEvaluation: when,
  evaluationTime: count,
  state: text,
  duration: count,
  keepFiringFor: count,
  alerts: listOf(alert),
}) satisfies Schema<Rule>;

const group = v.object({
  name: v.string(),
  file: text,
  interval: count,
  evaluationTime: count,
  lastEvaluation: when,
  rules: listOf(rule),
}) satisfies Schema<RuleGroup>;

const groups = v.object({ data: v.object({ groups: v.array(group) }) });

const fileSchema = record({
  name: v.string(),
  on_disk: flag,
  text,
  groups: listOf(v.object({ name: v.string(), missed: count })),
  findings: listOf(findingSchema),
}) satisfies Schema<RuleFile>;

const checkedSchema = v.object({ groups: count, rules: count, findings: listOf(findingSchema) });

/** @public */
export type CheckedRules = [
  Accepts<typeof fileSchema, components["schemas"]["RuleFileOut"]>,
  Accepts<typeof checkedSchema, components["schemas"]["RulesCheckedOut"]>,
];

export const useRules = () =>
  useQuery({
    queryKey: ["rules"],
    queryFn: async ({ signal }) =>
      (await prometheus("rules", new URLSearchParams(), groups, signal)).data.groups,
    refetchInterval: 5000,
  });

export const useRuleFiles = () =>
  useQuery({
    queryKey: ["rules", "files"],
    queryFn: ({ signal }) => callAll("/rule-files", fileSchema, { signal }),
    refetchInterval: 15_000,
  });

const path = (name: string) => `/rule-files/${encodeURIComponent(name)}` as const;

export interface RuleText {
  readonly name: string;
  readonly text: string;
}

/** Checked alone, or checked and stored. */
export function usePutRules(dryRun: boolean) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, text: yaml }: RuleText) =>
      call(path(name), checkedSchema, { method: "PUT", yaml, query: { dry_run: dryRun } }),
    onSettled: () => (dryRun ? undefined : queries.invalidateQueries({ queryKey: ["rules"] })),
  });
}

export function useDeleteRules() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => call(path(name), v.unknown(), { method: "DELETE" }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["rules"] }),
  });
}
