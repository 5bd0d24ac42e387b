// Asking about many traces, about two, and what a search box may offer.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import * as v from "valibot";
import { asked, type TraceSearch } from "../domain/traceView";
import { call } from "./client";
import {
  comparedStepSchema,
  dependencySchema,
  groupsSchema,
  operationCostSchema,
  pageOf,
  suggestionSchema,
  traceSummarySchema,
} from "./schema";

const REFRESH_MS = 5000;

/** Newest first, page after page; told anew while only the first page of now is shown. */
export function useTraceSearch(search: TraceSearch) {
  return useInfiniteQuery({
    queryKey: ["traces", "search", search],
    queryFn: ({ signal, pageParam }) =>
      call("/traces", pageOf(traceSummarySchema), {
        query: { ...asked(search), cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      search.end === null && (query.state.data?.pages.length ?? 0) < 2 && query.state.error === null
        ? REFRESH_MS
        : false,
  });
}

export const useOperationCosts = (search: TraceSearch) =>
  useQuery({
    queryKey: ["traces", "statistics", search],
    queryFn: ({ signal }) =>
      call("/traces/statistics", pageOf(operationCostSchema), { query: asked(search), signal }),
    placeholderData: keepPreviousData,
  });

export const useGroups = (search: TraceSearch, slowMs: string) =>
  useQuery({
    queryKey: ["traces", "groups", search, slowMs],
    queryFn: ({ signal }) =>
      call("/traces/groups", groupsSchema, {
        query: { ...asked(search), slow_ms: slowMs },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

export const useDependencies = ({
  lookback,
  end,
  own,
}: Pick<TraceSearch, "lookback" | "end" | "own">) =>
  useQuery({
    queryKey: ["traces", "dependencies", lookback, end, own],
    queryFn: ({ signal }) =>
      call("/traces/dependencies", pageOf(dependencySchema), {
        query: { lookback, end, own },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

export const useComparison = (a: string, b: string) =>
  useQuery({
    queryKey: ["traces", "compare", a, b],
    queryFn: ({ signal }) =>
      call("/traces/compare", pageOf(comparedStepSchema), { query: { a, b }, signal }),
    staleTime: 60_000,
  });

/** Keys that spans of the time searched have, or the values of one key. */
export const useSuggestions = (
  search: Pick<TraceSearch, "lookback" | "end">,
  of: { readonly key: string | null; readonly prefix: string } | null,
) =>
  useQuery({
    queryKey: ["traces", "suggestions", search.lookback, search.end, of],
    queryFn: ({ signal }) => {
      const query = { lookback: search.lookback, end: search.end, prefix: of?.prefix, limit: 30 };
      return of?.key === null || of === null
        ? call("/traces/attributes", pageOf(suggestionSchema), { query, signal })
        : call("/traces/attributes/values", pageOf(suggestionSchema), {
            query: { ...query, key: of.key },
            signal,
          });
    },
    enabled: of !== null,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

const tracedService = v.object({
  namespace: v.string(),
  name: v.string(),
  operations: v.array(v.string()),
});

/** Who has sent spans within the last hour. */
export const useTracedServices = (own: boolean) =>
  useQuery({
    queryKey: ["traces", "services", own],
    queryFn: async ({ signal }) =>
      (await call("/traces/services", pageOf(tracedService), { query: { own }, signal })).items,
    staleTime: 60_000,
  });
