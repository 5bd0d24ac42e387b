// Asking the Prometheus API.
import { useQuery } from "@tanstack/react-query";
import * as v from "valibot";
import { type Answer, nameOf, numberOf, type Point, type Window } from "../domain/promql";
import { unixSeconds } from "../domain/units";

/** A query without an answer. `position` is an offset in it, where one is known. */
export class QueryError extends Error {
  readonly position: number | null;

  constructor(message: string, position: number | null) {
    super(message);
    this.name = "QueryError";
    this.position = position;
  }
}

const failure = v.object({ error: v.string(), position: v.optional(v.number()) });
const sample = v.pipe(
  v.tuple([v.number(), v.string()]),
  v.transform(([at, value]): Point => ({ at: unixSeconds(at), value: numberOf(value) })),
);
const texts = v.optional(v.array(v.string()), []);
const answered = v.object({
  data: v.object({
    result: v.array(
      v.object({ metric: v.record(v.string(), v.string()), values: v.array(sample) }),
    ),
  }),
  warnings: texts,
  infos: texts,
});

async function asked(query: string, window: Window, signal: AbortSignal): Promise<Answer> {
  const words = new URLSearchParams({
    query,
    start: `${window.start}`,
    end: `${window.end}`,
    step: `${window.step}`,
  });
  const response = await fetch(`/prometheus/api/v1/query_range?${words}`, {
    credentials: "same-origin",
    signal,
  });
  const body: unknown = await response.json().catch(() => ({}));
  if (!response.ok) {
    const refused = v.safeParse(failure, body);
    if (refused.success) {
      throw new QueryError(refused.output.error, refused.output.position ?? null);
    }
    throw new QueryError(`The query was refused (${response.status}).`, null);
  }
  const { data, warnings, infos } = v.parse(answered, body);
  return {
    lines: data.result.map(({ metric, values }) => ({ name: nameOf(metric), points: values })),
    notes: [...warnings, ...infos],
  };
}

/** Asked when `query` is not empty; leaving the page ends it in the store, too. */
export const usePromql = (query: string, window: Window) =>
  useQuery({
    queryKey: ["promql", query, window],
    queryFn: ({ signal }) => asked(query, window, signal),
    enabled: query !== "",
    placeholderData: (before) => before,
    retry: false,
  });
