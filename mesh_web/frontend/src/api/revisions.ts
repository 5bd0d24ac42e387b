// Two revisions held against each other.
import { useQuery } from "@tanstack/react-query";
import * as v from "valibot";
import type { Comparison } from "../domain/comparedRevisions";
import { call } from "./client";
import type { components } from "./openapi.gen";
import { type Accepts, effectsSchema, json, listOf, orNull, type Schema, text } from "./schema";

const comparisonSchema = v.object({
  changes: listOf(
    v.object({
      resource: v.string(),
      action: text,
      before: orNull(v.string()),
      after: orNull(v.string()),
      fields: listOf(v.object({ path: v.string(), action: text, before: json, after: json })),
    }),
  ),
}) satisfies Schema<Comparison>;

/** @public */
export type CheckedComparison = Accepts<
  typeof comparisonSchema,
  components["schemas"]["ComparisonOut"]
>;

const path = (before: number, after: number) => `/revisions/${before}/compare/${after}` as const;
const FRESH_MS = 30_000;

export const useComparison = (before: number, after: number) =>
  useQuery({
    queryKey: ["compare", before, after],
    queryFn: ({ signal }) => call(path(before, after), comparisonSchema, { signal }),
    staleTime: FRESH_MS,
  });

export const useComparisonEffects = (before: number, after: number) =>
  useQuery({
    queryKey: ["compare", before, after, "effects"],
    queryFn: ({ signal }) => call(`${path(before, after)}/effects`, effectsSchema, { signal }),
    staleTime: FRESH_MS,
  });
