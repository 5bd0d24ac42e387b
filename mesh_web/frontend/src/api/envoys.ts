// How much an Envoy logs: read and set while it runs.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as v from "valibot";
import type { LogLevel, LogLevels } from "../domain/envoy";
import { call } from "./client";
import type { components } from "./openapi.gen";
import type { Accepts, Schema } from "./schema";

const levelsSchema = v.object({
  level: v.nullish(v.string(), null),
  loggers: v.record(v.string(), v.string()),
}) satisfies Schema<LogLevels>;

/** @public */
export type CheckedLevels = Accepts<typeof levelsSchema, components["schemas"]["LogLevelOut"]>;

const path = (id: string) => `/proxies/${encodeURIComponent(id)}/log_level` as const;

export const useLogLevels = (id: string) =>
  useQuery({
    queryKey: ["log_level", id],
    queryFn: ({ signal }) => call(path(id), levelsSchema, { signal }),
    retry: false,
    staleTime: 30_000,
  });

export interface LevelChange {
  readonly level?: LogLevel;
  readonly loggers?: Readonly<Record<string, LogLevel>>;
}

export function useSetLogLevels(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: LevelChange) =>
      call(path(id), levelsSchema, { method: "PUT", json: change }),
    onSuccess: (levels) => queries.setQueryData(["log_level", id], levels),
  });
}
