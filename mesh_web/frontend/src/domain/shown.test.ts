import { describe, expect, test } from "vitest";
import { aGraph, aNode, anEdge } from "../testing/samples";
import { collapsed, shown, structureKey, withoutServices } from "./shown";
import { perSecond, ratio } from "./units";

const A = "workload:shop/a";
const S = "service:shop/s";
const V1 = "workload:shop/s-v1";
const V2 = "workload:shop/s-v2";
const OUT = "external:/bank";

const graph = aGraph(
  [aNode(A), aNode(S), aNode(V1), aNode(V2), aNode(OUT), aNode("workload:idle/z")],
  [
    anEdge(A, S, { requestsPerSecond: perSecond(20), requestsTotal: 1200 }),
    anEdge(S, V1, { requestsPerSecond: perSecond(15) }),
    anEdge(S, V2, { requestsPerSecond: perSecond(5), errorRatio: ratio(0.5), health: "failing" }),
    anEdge(V1, OUT),
  ],
);
const everything = {
  namespaces: [],
  idleNodes: true,
  serviceNodes: true,
  collapsed: new Set<string>(),
};

describe("what is shown of the graph", () => {
  test("everything, unless the viewer chooses less", () => {
    expect(shown(graph, everything)).toEqual(graph);
  });

  test("without services, callers meet the workloads behind in the service's proportions", () => {
    const edges = [...withoutServices(graph).edges.values()].map((edge) => [
      edge.id,
      edge.requestsPerSecond,
      edge.health,
    ]);
    expect(edges).toEqual([
      [`${A}->${V1}|http`, 15, "healthy"],
      [`${A}->${V2}|http`, 5, "failing"],
      [`${V1}->${OUT}|http`, 10, "healthy"],
    ]);
  });

  test("a collapsed namespace is one node with the worst health and the edges that cross", () => {
    const boxed = collapsed(graph, new Set(["shop"]));
    expect([...boxed.nodes.keys()].sort()).toEqual(
      [OUT, "namespace:shop", "workload:idle/z"].sort(),
    );
    expect([...boxed.edges.keys()]).toEqual([`namespace:shop->${OUT}|http`]);
  });

  test("chosen namespaces come with their neighbours", () => {
    const only = shown(graph, { ...everything, namespaces: ["shop"] });
    expect([...only.nodes.keys()]).toEqual([A, S, V1, V2, OUT]);
  });

  test("nodes without traffic can be hidden", () => {
    const busy = shown(graph, { ...everything, idleNodes: false });
    expect(busy.nodes.has("workload:idle/z")).toBe(false);
  });

  test("an edge whose node is not known yet waits", () => {
    const early = aGraph([aNode(A)], [anEdge(A, "workload:shop/new")]);
    expect(shown(early, everything).edges.size).toBe(0);
  });

  test("new numbers need no new layout, new edges do", () => {
    const busier = aGraph(
      [...graph.nodes.values()],
      [...graph.edges.values()].map((edge) => ({ ...edge, requestsTotal: 1 })),
    );
    expect(structureKey(busier)).toBe(structureKey(graph));
    expect(structureKey(aGraph([...graph.nodes.values()]))).not.toBe(structureKey(graph));
  });
});
