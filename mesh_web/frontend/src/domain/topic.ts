// The live topics a browser may follow.

export type GraphTopic = "graph" | "graph:10" | "graph:300";
export type Topic = GraphTopic | "revisions" | "proxies";

/** The topic of the graph over a window; one minute is the ordinary one. */
export function graphTopic(windowSeconds: number): GraphTopic {
  if (windowSeconds === 10) return "graph:10";
  return windowSeconds === 300 ? "graph:300" : "graph";
}
