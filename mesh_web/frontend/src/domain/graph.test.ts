import { describe, expect, test } from "vitest";
import { aGraph, aNode, anEdge, numbers } from "../testing/samples";
import { applyDelta, type Graph, type GraphDelta, mtlsState } from "./graph";
import { perSecond, ratio, unixSeconds } from "./units";

function someGraph(random: () => number, at: number): Graph {
  const nodes = ["a", "b", "c", "d"]
    .filter(() => random() < 0.7)
    .map((name) => aNode(`workload:shop/${name}`, { requestsPerSecond: perSecond(random()) }));
  const edges = nodes.flatMap((source) =>
    nodes
      .filter(() => random() < 0.4)
      .map((target) => anEdge(source.id, target.id, { errorRatio: ratio(random()) })),
  );
  return { ...aGraph(nodes, edges), at: unixSeconds(at) };
}

function differences<T>(
  old: ReadonlyMap<string, T>,
  next: ReadonlyMap<string, T>,
): Record<string, T | null> {
  const gone = [...old.keys()].filter((id) => !next.has(id)).map((id) => [id, null] as const);
  return Object.fromEntries([...next, ...gone]);
}

const delta = (old: Graph, next: Graph): GraphDelta => ({
  at: next.at,
  nodes: differences(old.nodes, next.nodes),
  edges: differences(old.edges, next.edges),
});

const sorted = (graph: Graph) => ({
  ...graph,
  nodes: [...graph.nodes].sort(),
  edges: [...graph.edges].sort(),
});

describe("the live graph", () => {
  test("snapshot and deltas are the later snapshot, whatever happens between", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = numbers(seed);
      const snapshots = Array.from({ length: 8 }, (_, i) => someGraph(random, i));
      const [first, ...rest] = snapshots;
      if (first === undefined) throw new Error("no snapshot");
      let followed = first;
      let before = first;
      for (const next of rest) {
        followed = applyDelta(followed, delta(before, next));
        expect(sorted(followed)).toEqual(sorted(next));
        before = next;
      }
    }
  });

  test("a delta leaves the graph before it as it was", () => {
    const graph = aGraph([aNode("workload:shop/a")]);
    applyDelta(graph, { at: unixSeconds(2), nodes: { "workload:shop/a": null }, edges: {} });
    expect([...graph.nodes.keys()]).toEqual(["workload:shop/a"]);
  });

  test("an edge is locked only when all of its traffic is mutual TLS", () => {
    const states = [1, 0.6, 0].map((share) =>
      mtlsState(anEdge("a", "b", { mtlsRatio: ratio(share) })),
    );
    expect(states).toEqual(["mutual", "partial", "none"]);
  });
});
