// Resources: all of them, one of them, as they are or as they were.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import * as v from "valibot";
import type { Json } from "../domain/dump";
import type { ConditionGroup, Resource } from "../domain/resources";
import { unixSeconds } from "../domain/units";
import { call, callAll } from "./client";
import type { components } from "./openapi.gen";
import { type Accepts, count, findingSchema, json, listOf, type Schema, text } from "./schema";

const condition = v.object({ type: v.string(), status: text, reason: text, message: text });
const parentRef = v.object({
  kind: text,
  namespace: text,
  name: text,
  sectionName: v.nullish(v.string(), null),
  port: v.nullish(v.number(), null),
});
const status = v.object({
  revision: count,
  state: text,
  conditions: listOf(condition),
  addresses: listOf(v.object({ value: v.string() })),
  listeners: listOf(
    v.object({ name: v.string(), attachedRoutes: count, conditions: listOf(condition) }),
  ),
  parents: listOf(v.object({ parentRef, conditions: listOf(condition) })),
});
const labels = v.optional(v.record(v.string(), v.string()), {});
const resource = v.object({
  apiVersion: v.string(),
  kind: v.string(),
  metadata: v.object({
    name: v.string(),
    namespace: text,
    labels,
    annotations: labels,
    resourceVersion: text,
  }),
  spec: v.optional(json, null),
  findings: listOf(findingSchema),
  status,
});

/** @public */
export type CheckedResource = Accepts<typeof resource, components["schemas"]["ResourceOut"]>;

type Given = v.InferOutput<typeof resource>;

function groupsOf({ conditions, listeners, parents }: Given["status"]): readonly ConditionGroup[] {
  const own = conditions.length === 0 ? [] : [{ title: "Itself", detail: "", conditions }];
  return [
    ...own,
    ...listeners.map((one) => ({
      title: `Listener ${one.name}`,
      detail: `${one.attachedRoutes} ${one.attachedRoutes === 1 ? "route" : "routes"} attached`,
      conditions: one.conditions,
    })),
    ...parents.map(
      ({ parentRef: { kind, namespace, name, sectionName, port }, conditions: at }) => ({
        title: `At ${kind} ${namespace}/${name}`,
        detail: [sectionName && `listener ${sectionName}`, port !== null && `port ${port}`]
          .filter(Boolean)
          .join(", "),
        conditions: at,
      }),
    ),
  ];
}

/** Without what the server keeps about it. */
function shownOf({ apiVersion, kind, metadata, spec }: Given): Json {
  const { name, namespace, labels: named, annotations } = metadata;
  const given = {
    name,
    ...(namespace === "" ? {} : { namespace }),
    ...(Object.keys(named).length > 0 ? { labels: named } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
  return { apiVersion, kind, metadata: given, spec };
}

const resourceSchema: Schema<Resource> = v.pipe(
  resource,
  v.transform((given): Resource => {
    const ends = Date.parse(given.metadata.annotations["meshweb.dev/expires-at"] ?? "") / 1000;
    return {
      kind: given.kind,
      apiVersion: given.apiVersion,
      namespace: given.metadata.namespace,
      name: given.metadata.name,
      version: Number(given.metadata.resourceVersion),
      expiresAt: Number.isFinite(ends) ? unixSeconds(ends) : null,
      findings: given.findings,
      revision: given.status.revision,
      state: given.status.state,
      addresses: given.status.addresses.map((one) => one.value),
      groups: groupsOf(given.status),
      shown: shownOf(given),
    };
  }),
);

/** All that is configured now, or (`at`: a revision or a time) was in force once. */
export const useResources = (at: string) =>
  useQuery({
    queryKey: ["resources", at],
    queryFn: ({ signal }) =>
      callAll("/resources", resourceSchema, { signal, query: at === "" ? {} : { at } }),
    refetchInterval: at === "" ? 10_000 : false,
    placeholderData: keepPreviousData,
    retry: false,
  });

interface Named {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** One resource as it is now, or as it was in force once; null where there is none. */
export const useResource = (of: Named | null, at = "") =>
  useQuery({
    queryKey: ["resource", of, at],
    queryFn: async ({ signal }): Promise<Resource | null> => {
      const { kind = "", namespace = "", name = "" } = of ?? {};
      if (at !== "") {
        const query = { at, kind, ...(namespace === "" ? {} : { namespace }) };
        const all = await callAll("/resources", resourceSchema, { signal, query });
        return all.find((one) => one.name === name && one.namespace === namespace) ?? null;
      }
      const path = `/namespaces/${encodeURIComponent(namespace || "x")}/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
      return call(path as "/namespaces/x/y/z", resourceSchema, { signal });
    },
    enabled: of !== null,
    refetchInterval: at === "" ? 5000 : false,
    retry: false,
  });
