// Asking for logs, newest first, page after page.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { askedLogs, type LogView } from "../domain/logs";
import { call } from "./client";
import { logEntrySchema, pageOf } from "./schema";

const REFRESH_MS = 3000;

/** Told anew while only the first page is shown: who reads on is not moved about. */
export function useLogs(view: LogView, limit: number) {
  const params = askedLogs(view);
  const { kind: _, ...single } = Object.fromEntries(params);
  return useInfiniteQuery({
    queryKey: ["logs", params.toString(), limit],
    queryFn: ({ signal, pageParam }) =>
      call("/logs", pageOf(logEntrySchema), {
        query: { ...single, kind: params.getAll("kind"), limit, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      view.live && (query.state.data?.pages.length ?? 0) < 2 && query.state.error === null
        ? REFRESH_MS
        : false,
  });
}
