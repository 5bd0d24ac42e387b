// The graph as the store remembers it: of other types, longer windows and times gone by.
import { useQuery } from "@tanstack/react-query";
import type { Graph } from "../domain/graph";
import { isStored, type View } from "../domain/view";
import { call } from "./client";
import { graphSchema } from "./schema";

const AGAIN_MS = 5000;

/** Asks only for what nobody tells live; what is of now is asked again and again. */
export function useStoredGraph(view: View): {
  readonly graph: Graph | null;
  readonly error: Error | null;
} {
  const { at, graphType, windowSeconds, own } = view;
  const query = useQuery({
    queryKey: ["graph", graphType, windowSeconds, at, own],
    queryFn: ({ signal }) =>
      call("/graph", graphSchema, {
        signal,
        query: { type: graphType, window: `${windowSeconds}s`, at, own: own ? true : null },
      }),
    enabled: isStored(view),
    refetchInterval: at === null ? AGAIN_MS : false,
    staleTime: at === null ? 0 : Number.POSITIVE_INFINITY,
  });
  return { graph: query.data ?? null, error: query.error };
}
