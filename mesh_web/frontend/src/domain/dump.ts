// What a proxy is served: reading, searching and explaining Envoy's JSON.
import type { CertificateFacts, EnvoyWord } from "./envoy";

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** One resource as Envoy has it. */
export interface Served {
  readonly name: string;
  readonly version: string;
  readonly config: Json | null;
}

/** A secret without its key; `source` says who serves it. */
export interface SecretFacts {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly certificates: readonly CertificateFacts[];
}

export const DUMP_KINDS = ["clusters", "endpoints", "listeners", "routes"] as const;
export type DumpKind = (typeof DUMP_KINDS)[number];
export type Dump = Readonly<Record<DumpKind, readonly Served[]>> & {
  readonly proxy: string;
  readonly revision: number | null;
  readonly secrets: readonly SecretFacts[];
  /** What the Envoy started with; null while it does not answer. */
  readonly bootstrap: Json | null;
  readonly envoy: EnvoyWord;
};

/** Which resource made something, and where in it: "VirtualService shop/reviews spec.http[0]". */
export interface MadeBy {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

export interface RouteRow {
  readonly host: string;
  readonly domains: readonly string[];
  readonly name: string;
  readonly match: string;
  readonly action: string;
  readonly madeBy: MadeBy | null;
}

type Fields = { readonly [key: string]: Json };

export const isFields = (value: Json | undefined): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** What lies at a path, or undefined where there is nothing. */
function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value;
  for (const key of path) here = isFields(here) ? here[key] : undefined;
  return here;
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const list = (value: Json | undefined): readonly Json[] => (isList(value) ? value : []);

const ORIGIN = /^(\w+) ([^/\s]+)\/(\S+)(?: (.*))?$/;

export function madeBy(config: Json | null): MadeBy | null {
  const origin = text(at(config ?? undefined, "metadata", "filter_metadata", "meshweb", "origin"));
  const [, kind, namespace, name, path = ""] = ORIGIN.exec(origin) ?? [];
  if (kind === undefined || namespace === undefined || name === undefined) return null;
  return { kind, namespace, name, path };
}

/** "/cart*" for a prefix, "= /cart" for a path, "~ regex"; then the headers and parameters asked for. */
function matchWords(match: Json | undefined): string {
  const path = text(at(match, "path"));
  const regex = text(at(match, "safe_regex", "regex"));
  const prefix = text(at(match, "prefix")) || text(at(match, "path_separated_prefix"));
  const where = path !== "" ? `= ${path}` : regex !== "" ? `~ ${regex}` : `${prefix}*`;
  const conditions = [...list(at(match, "headers")), ...list(at(match, "query_parameters"))];
  const names = conditions.map((one) => text(at(one, "name"))).filter((name) => name !== "");
  return names.length === 0 ? where : `${where} with ${names.join(", ")}`;
}

function actionWords(route: Json): string {
  const clusters = list(at(route, "route", "weighted_clusters", "clusters"));
  if (clusters.length > 0) {
    return clusters
      .map((one) => `${text(at(one, "name"))} ${JSON.stringify(at(one, "weight") ?? 0)}`)
      .join(", ");
  }
  const cluster = text(at(route, "route", "cluster"));
  if (cluster !== "") return cluster;
  if (at(route, "redirect") !== undefined) return "redirect";
  const status = at(route, "direct_response", "status");
  return status === undefined ? "other" : `answer ${JSON.stringify(status)}`;
}

/** The rules of a route configuration in the order in which they are tried. */
export function routeRows(config: Json | null): readonly RouteRow[] {
  return list(at(config ?? undefined, "virtual_hosts")).flatMap((host) =>
    list(at(host, "routes")).map((route) => ({
      host: text(at(host, "name")),
      domains: list(at(host, "domains")).map(text),
      name: text(at(route, "name")),
      match: matchWords(at(route, "match")),
      action: actionWords(route),
      madeBy: madeBy(route),
    })),
  );
}

/** The rules that contain the words; all of them where none does. */
export function findRows(rows: readonly RouteRow[], words: string): readonly RouteRow[] {
  const found = rows.filter(({ host, domains, name, match, action, madeBy: made }) => {
    const maker = made === null ? "" : `${made.kind} ${made.namespace}/${made.name} ${made.path}`;
    return contains([host, ...domains, name, match, action, maker], words);
  });
  return found.length === 0 ? rows : found;
}

/** Whether a key or a value anywhere in it contains the words; no words: nothing does. */
export function contains(value: Json, words: string): boolean {
  if (words === "") return false;
  const lower = words.toLowerCase();
  const inside = (one: Json): boolean => {
    if (isList(one)) return one.some(inside);
    if (isFields(one)) {
      return Object.entries(one).some(
        ([key, inner]) => key.toLowerCase().includes(lower) || inside(inner),
      );
    }
    return String(one).toLowerCase().includes(lower);
  };
  return inside(value);
}

/** Those whose name or content contains the words; all where there are none. */
export function findServed(served: readonly Served[], words: string): readonly Served[] {
  if (words === "") return served;
  return served.filter(
    (one) => contains(one.name, words) || (one.config !== null && contains(one.config, words)),
  );
}
