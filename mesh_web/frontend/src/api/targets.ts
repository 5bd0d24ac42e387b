// What is scraped, in Prometheus's API.
import { useQuery } from "@tanstack/react-query";
import * as v from "valibot";
import type { DroppedTarget, Target, Targets } from "../domain/targets";
import { prometheus } from "./metrics";
import { texts, when } from "./rules";
import { count, listOf, type Schema, text } from "./schema";

const target = v.object({
  scrapePool: text,
  scrapeUrl: v.string(),
  labels: texts,
  discoveredLabels: texts,
  health: text,
  lastError: text,
  lastScrape: when,
  lastScrapeDuration: count,
  scrapeInterval: text,
  scrapeTimeout: text,
}) satisfies Schema<Target>;
const dropped = v.object({
  scrapePool: text,
  discoveredLabels: texts,
}) satisfies Schema<DroppedTarget>;

const answered = v.object({
  data: v.pipe(
    v.object({
      activeTargets: listOf(target),
      droppedTargets: listOf(dropped),
      droppedTargetCounts: v.nullish(v.record(v.string(), v.number()), {}),
    }),
    v.transform(
      ({ activeTargets, droppedTargets, droppedTargetCounts }): Targets => ({
        active: activeTargets,
        dropped: droppedTargets,
        droppedCounts: droppedTargetCounts ?? {},
      }),
    ),
  ),
});

export const useTargets = () =>
  useQuery({
    queryKey: ["targets"],
    queryFn: async ({ signal }) =>
      (await prometheus("targets", new URLSearchParams({ state: "any" }), answered, signal)).data,
    refetchInterval: 5000,
  });
