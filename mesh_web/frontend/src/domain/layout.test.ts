import { describe, expect, test } from "vitest";
import { aGraph, aNode, anEdge } from "../testing/samples";
import { extentOf, forks, layoutInput, placementOf, TAB_HEIGHT, tabs } from "./layout";

const A = "workload:shop/a";
const CART = "service:shop/cart";
const CART_V1 = "workload:shop/cart-v1";
const PAY = "service:shop/pay";
const graph = aGraph(
  [
    aNode(A),
    aNode(CART),
    aNode(CART_V1),
    aNode(PAY),
    aNode("workload:shop/pay-v1"),
    aNode("workload:shop/pay-v2"),
    aNode("external:/bank"),
  ],
  [
    anEdge(A, CART),
    anEdge(CART, CART_V1),
    anEdge(A, PAY),
    anEdge(PAY, "workload:shop/pay-v1"),
    anEdge(PAY, "workload:shop/pay-v2"),
  ],
);

describe("the layout of a graph", () => {
  test("a service with one workload is a tab on it, one with several is a fork", () => {
    expect([...tabs(graph)]).toEqual([[CART, CART_V1]]);
    expect([...forks(graph)]).toEqual([PAY]);
  });

  test("in a graph of services calls are lines with words, and nobody is another's tab", () => {
    const services = aGraph([aNode(CART), aNode(PAY)], [anEdge(CART, PAY)]);
    expect(tabs(services).size).toBe(0);
    expect(forks(services).size).toBe(0);
    const input = layoutInput(services, true, "DOWN");
    expect(input.children?.[0]?.children?.map(({ id }) => id)).toEqual([CART, PAY]);
    expect(input.edges?.map((edge) => [edge.sources, edge.targets, edge.labels?.length])).toEqual([
      [[CART], [PAY], 1],
    ]);
  });

  test("a chain of services gets places from the engine itself", async () => {
    const RATINGS = "service:shop/ratings";
    const chain = aGraph(
      [aNode(CART), aNode(PAY), aNode(RATINGS)],
      [anEdge(CART, PAY), anEdge(PAY, RATINGS)],
    );
    const { default: Elk } = await import("elkjs/lib/elk.bundled.js");
    const answer = await new Elk().layout(
      structuredClone(layoutInput(chain, true, "RIGHT")) as never,
    );
    const placement = placementOf(chain, answer as never);
    expect([...placement.nodes.keys()].sort()).toEqual([CART, PAY, RATINGS]);
    expect(placement.labels.size).toBe(2);
  }, 60_000);

  test("namespaces are boxes, what has none stands beside them", () => {
    const input = layoutInput(graph, true, "DOWN");
    expect(input.children?.map((child) => [child.id, child.children?.length])).toEqual([
      ["external:/bank", undefined],
      ["box:shop", 5],
    ]);
  });

  test("an edge to a tab leads to the workload that carries it", () => {
    const edges = layoutInput(graph, true, "DOWN").edges ?? [];
    expect(edges.map((edge) => [edge.id, edge.targets[0]])).toContainEqual([
      `${A}->${CART}|http`,
      CART_V1,
    ]);
    expect(edges.map((edge) => edge.id)).not.toContain(`${CART}->${CART_V1}|http`);
  });

  test("equal structure gives an equal question", () => {
    const turned = aGraph([...graph.nodes.values()].reverse(), [...graph.edges.values()].reverse());
    expect(layoutInput(turned, true, "DOWN")).toEqual(layoutInput(graph, true, "DOWN"));
  });

  test("the answer places the tab on top of its workload", () => {
    const placement = placementOf(graph, {
      id: "root",
      children: [
        {
          id: "box:shop",
          x: 0,
          y: 0,
          width: 400,
          height: 300,
          children: [{ id: CART_V1, x: 20, y: 40, width: 200, height: 88 }],
        },
      ],
      edges: [
        {
          id: `${A}->${CART}|http`,
          sections: [{ startPoint: { x: 0, y: 0 }, endPoint: { x: 10, y: 40 } }],
        },
      ],
    });
    expect(placement.nodes.get(CART)?.y).toBe(40);
    expect(placement.nodes.get(CART_V1)).toEqual({
      x: 20,
      y: 40 + TAB_HEIGHT,
      width: 200,
      height: 88 - TAB_HEIGHT,
    });
    expect(placement.labels.get(`${A}->${CART}|http`)).toEqual({ x: 5, y: 20 });
    expect(extentOf(placement)).toEqual({ x: 0, y: 0, width: 400, height: 300 });
  });
});

describe("versions of one service", () => {
  const versions = ["v3", "v10", "v1", "v2"];
  const fork = aGraph(
    [
      aNode(A),
      aNode(PAY),
      aNode("workload:shop/ratings"),
      aNode("service:shop/ratings"),
      ...versions.map((version) => aNode(`workload:shop/pay-${version}`, { app: "pay", version })),
    ],
    [
      anEdge(A, PAY),
      ...versions.map((version) => anEdge(PAY, `workload:shop/pay-${version}`)),
      anEdge("workload:shop/pay-v3", "service:shop/ratings"),
      anEdge("workload:shop/pay-v1", "service:shop/ratings"),
      anEdge("service:shop/ratings", "workload:shop/ratings"),
    ],
  );

  test("stand in the order of their numbers in the engine's own answer", async () => {
    const { default: Elk } = await import("elkjs/lib/elk.bundled.js");
    const answer = await new Elk().layout(
      structuredClone(layoutInput(fork, true, "DOWN")) as never,
    );
    const placement = placementOf(fork, answer as never);
    const left = (version: string) => placement.nodes.get(`workload:shop/pay-${version}`)?.x ?? 0;
    const sorted = [...versions].sort((a, b) => left(a) - left(b));
    expect(sorted).toEqual(["v1", "v2", "v3", "v10"]);
  }, 60_000);
});
