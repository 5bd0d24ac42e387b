// How a service's traffic really divides between its versions.
import type { Graph } from "./graph";
import { type PerSecond, perSecond, type Ratio, ratio } from "./units";

export interface VersionWorkload {
  readonly version: string;
  readonly workload: string;
}

export interface MeasuredVersion {
  readonly version: string;
  readonly share: Ratio;
  readonly requestsPerSecond: PerSecond;
  readonly requests: number;
}

/** Shares by requests that arrived at each version's workload in the graph's window; all 0 when none. */
export function measuredSplit(
  graph: Graph,
  namespace: string,
  versions: readonly VersionWorkload[],
): readonly MeasuredVersion[] {
  const arrived = versions.map(({ version, workload }) => {
    const target = `workload:${namespace}/${workload}`;
    let requests = 0;
    let rate = 0;
    for (const edge of graph.edges.values()) {
      if (edge.target !== target) continue;
      requests += edge.requestsTotal || edge.connectionsOpen;
      rate += edge.requestsPerSecond;
    }
    return { version, requests, rate };
  });
  const total = arrived.reduce((sum, one) => sum + one.requests, 0);
  return arrived.map(({ version, requests, rate }) => ({
    version,
    requests,
    share: ratio(total === 0 ? 0 : requests / total),
    requestsPerSecond: perSecond(rate),
  }));
}
