// Asking which way a request goes.
import { useMutation } from "@tanstack/react-query";
import * as v from "valibot";
import { asked, type Explanation, type Hop, type Question } from "../domain/explain";
import { call } from "./client";
import type { components } from "./openapi.gen";
import { record, type Schema } from "./schema";

const text = v.optional(v.string(), "");
const number = v.nullish(v.number(), null);
const flag = v.optional(v.boolean(), false);
const made = { resource: text, path: text };
const listOf = <S extends v.GenericSchema>(item: S) => v.optional(v.array(item), []);

const considered = v.object({ name: v.string(), holds: v.boolean(), reason: v.string(), ...made });
const ended = record({
  share: v.number(),
  ending: v.picklist(["application", "outside", "answered", "closed"]),
  by: v.string(),
  message: v.string(),
  status: number,
  grpc_status: number,
  flags: text,
  details: text,
  location: text,
});
const listening = v.object({
  address: v.string(),
  port: v.number(),
  chain: text,
  reason: text,
  refused: text,
  ...made,
});
const tokens = v.object({
  verdict: v.string(),
  passes: v.boolean(),
  message: v.string(),
  providers: listOf(considered),
});
const guarded = record({
  action: v.string(),
  dry_run: v.boolean(),
  passes: v.boolean(),
  message: v.string(),
  rules: listOf(considered),
  ...made,
});
const operation = v.object({
  on: v.string(),
  action: v.string(),
  name: v.string(),
  value: text,
  of: text,
});
const effects = record({
  rewritten_path: text,
  rewritten_host: text,
  headers: listOf(operation),
  redirect: text,
  direct_status: number,
  delay_ms: number,
  delay_percent: number,
  abort_status: number,
  abort_grpc_status: number,
  abort_percent: number,
  mirrors: listOf(v.object({ cluster: v.string(), percent: v.number() })),
  timeout_ms: number,
  attempts: number,
  retry_on: text,
  cors: text,
  hashing: listOf(v.string()),
});
const instead = v.object({ on: v.array(v.string()), status: number, target: text, ...made });

const hop: Schema<Hop> = record({
  side: v.string(),
  namespace: v.string(),
  workload: v.string(),
  pod: text,
  proxy: text,
  http: flag,
  listener: v.nullish(listening, null),
  tokens: v.nullish(tokens, null),
  guards: listOf(guarded),
  route_table: text,
  virtual_host: v.nullish(
    v.object({ name: v.string(), domain: v.string(), how: v.string() }),
    null,
  ),
  routes: listOf(considered),
  turns: listOf(
    v.object({
      share: v.optional(v.number(), 100),
      route: v.nullish(considered, null),
      effects: v.nullish(effects, null),
      ends: listOf(ended),
      destinations: listOf(
        v.object({
          cluster: v.string(),
          share: v.number(),
          member: text,
          service: text,
          subset: text,
          instead: v.nullish(instead, null),
          onward: listOf(
            v.object({
              share: v.number(),
              tls: v.string(),
              trouble: text,
              endpoints: v.array(v.object({ address: v.string(), port: v.number() })),
              hop: v.nullish(
                v.lazy(() => hop),
                null,
              ),
            }),
          ),
          ...made,
        }),
      ),
    }),
  ),
});

const explanationSchema = v.object({
  source: v.object({ namespace: v.string(), workload: v.string(), pod: v.string() }),
  first: hop,
  outcomes: v.array(ended),
  notes: v.array(v.string()),
}) satisfies Schema<Explanation>;

type Accepts<S extends v.GenericSchema, Sent extends v.InferInput<S>> = [S, Sent];
/**
 * Does not compile where the server says something that no schema here takes.
 * @public
 */
export type CheckedExplanation = Accepts<
  typeof explanationSchema,
  components["schemas"]["ExplanationOut"]
>;

export const useExplain = () =>
  useMutation({
    mutationFn: (question: Question) =>
      call("/explain", explanationSchema, { method: "POST", json: asked(question) }),
  });
