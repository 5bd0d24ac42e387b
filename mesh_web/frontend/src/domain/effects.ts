// What a change does to each Envoy, alike ones together.

interface EffectField {
  readonly path: string;
  readonly action: string;
  /** The change in words: "reviews.shop:9080 v1: weight 100 -> 90". */
  readonly text: string;
}

export interface EnvoyChange {
  readonly type: string;
  readonly name: string;
  readonly action: string;
  readonly fields: readonly EffectField[];
  /** "VirtualService shop/reviews spec.http[0]" */
  readonly origins: readonly string[];
  readonly leftOut: number;
}

interface EffectProxy {
  readonly id: string;
  readonly pod: string;
  readonly namespace: string;
}

export interface EffectGroup {
  readonly count: number;
  readonly proxies: readonly EffectProxy[];
  readonly changes: readonly EnvoyChange[];
}

/** Pods of a workload that start and end; one that is replaced does both. */
interface Turnover {
  readonly namespace: string;
  readonly workload: string;
  readonly starts: number;
  readonly ends: number;
}

export interface Effects {
  readonly proxies: number;
  readonly pods: readonly Turnover[];
  readonly groups: readonly EffectGroup[];
  readonly leftOutGroups: number;
  readonly leftOutChanges: number;
}

/** "12 proxies", or the one that it is. */
export function groupTitle(group: EffectGroup): string {
  const [first] = group.proxies;
  if (group.count === 1 && first !== undefined) return `${first.pod}.${first.namespace}`;
  return `${group.count} proxies`;
}

const pods = (count: number, verb: string) =>
  count === 1 ? `1 pod ${verb}s` : `${count} pods ${verb}`;

/** "cart-v1.shop: 2 pods start, 1 pod ends" */
export function turnoverSentence({ namespace, workload, starts, ends }: Turnover): string {
  const parts = [starts > 0 ? pods(starts, "start") : "", ends > 0 ? pods(ends, "end") : ""];
  return `${workload}.${namespace}: ${parts.filter((part) => part !== "").join(", ")}`;
}

/** "... and 3 more groups of proxies, 12 more changes", or nothing where all is shown. */
export function leftOutSentence(effects: Effects): string {
  const parts = [
    effects.leftOutGroups > 0 ? `${effects.leftOutGroups} more groups of proxies` : "",
    effects.leftOutChanges > 0 ? `${effects.leftOutChanges} more changes` : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `… and ${parts.join(", ")}`;
}

export interface Maker {
  readonly resource: string;
  readonly path: string;
}

/** An origin as the resource it names, and where in it. */
export function makerOf(origin: string): Maker {
  const [kind = "", name = "", ...path] = origin.split(" ");
  return { resource: `${kind} ${name}`.trim(), path: path.join(" ") };
}
