// Asking the Prometheus API.
import { useQuery } from "@tanstack/react-query";
import * as v from "valibot";
import {
  type Answer,
  type Exemplar,
  nameOf,
  numberOf,
  type Point,
  type Window,
} from "../domain/promql";
import type { TypedPromql } from "../domain/promqlWords";
import { unixSeconds } from "../domain/units";
import { tellSessionLost, UNREACHABLE } from "./client";
import type { Schema } from "./schema";

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

/** One answer of the API; a refusal is a QueryError in Prometheus's words. */
export async function prometheus<T>(
  path: string,
  words: URLSearchParams,
  schema: Schema<T>,
  signal: AbortSignal,
): Promise<T> {
  const address = `/prometheus/api/v1/${path}?${words}`;
  const response = await fetch(address, { credentials: "same-origin", signal }).catch(
    (error: unknown) => {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new QueryError(UNREACHABLE, null);
    },
  );
  if (response.status === 401) tellSessionLost();
  const body: unknown = await response.json().catch(() => ({}));
  if (!response.ok) {
    const refused = v.safeParse(failure, body);
    const { error, position } = refused.success
      ? refused.output
      : { error: `The query was refused (${response.status}).`, position: undefined };
    throw new QueryError(error, position ?? null);
  }
  return v.parse(schema, body);
}

const spanned = ({ start, end }: Window) => ({ start: `${start}`, end: `${end}` });

async function asked(query: string, window: Window, signal: AbortSignal): Promise<Answer> {
  const words = new URLSearchParams({ query, ...spanned(window), step: `${window.step}` });
  const { data, warnings, infos } = await prometheus("query_range", words, answered, signal);
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

const exemplars = v.object({
  data: v.array(
    v.object({
      seriesLabels: v.record(v.string(), v.string()),
      exemplars: v.array(
        v.object({
          labels: v.record(v.string(), v.string()),
          value: v.string(),
          timestamp: v.number(),
        }),
      ),
    }),
  ),
});

/** Single requests behind the query's series, newest first, with the traces they belong to. */
export const useExemplars = (query: string, window: Window) =>
  useQuery({
    queryKey: ["promql", "exemplars", query, window],
    queryFn: async ({ signal }) => {
      const words = new URLSearchParams({ query, ...spanned(window) });
      const { data } = await prometheus("query_exemplars", words, exemplars, signal);
      const found = data.flatMap(({ seriesLabels, exemplars: some }) =>
        some.map(
          (one): Exemplar => ({
            series: nameOf(seriesLabels),
            traceId: one.labels["trace_id"] ?? one.labels["traceID"] ?? "",
            at: unixSeconds(one.timestamp),
            value: numberOf(one.value),
          }),
        ),
      );
      return found.filter((one) => one.traceId !== "").sort((a, b) => b.at - a.at);
    },
    enabled: query !== "",
    retry: false,
  });

const names = v.object({ data: v.array(v.string()) });
const HOUR = 3600;

/** Of the last hour: names of metrics, of a metric's labels, or values of one of its labels. */
export const usePromqlWords = (of: Pick<TypedPromql, "what" | "metric" | "label"> | null) =>
  useQuery({
    queryKey: ["promql", "words", of?.what, of?.metric, of?.label],
    queryFn: async ({ signal }) => {
      const words = new URLSearchParams({ start: `${Math.floor(Date.now() / 1000) - HOUR}` });
      if (of !== null && of.metric !== "") words.append("match[]", of.metric);
      words.set("limit", "2000");
      const label = of?.what === "value" ? of.label : "__name__";
      const path = of?.what === "label" ? "labels" : `label/${encodeURIComponent(label)}/values`;
      const found = (await prometheus(path, words, names, signal)).data;
      return found.filter((name) => name !== "__name__");
    },
    enabled: of !== null && of.what !== "nothing",
    placeholderData: (before) => before,
    staleTime: 30_000,
    retry: false,
  });
