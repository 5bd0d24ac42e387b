import { expect, test } from "vitest";
import { aGraph, aNode, anEdge } from "../testing/samples";
import { type History, remember } from "./history";
import { unixSeconds } from "./units";

test("the last two minutes are remembered, and nothing of what has left", () => {
  let history: History = new Map();
  const graph = aGraph([aNode("workload:shop/a")], [anEdge("workload:shop/a", "service:shop/b")]);
  for (let second = 0; second < 200; second++) {
    history = remember(history, { ...graph, at: unixSeconds(second) });
  }
  expect(history.get("workload:shop/a")?.map((point) => point.at)).toEqual(
    Array.from({ length: 120 }, (_, i) => i + 80),
  );
  expect([...remember(history, aGraph([])).keys()]).toEqual([]);
});

test("a message repeated is remembered once", () => {
  const graph = aGraph([aNode("workload:shop/a")]);
  expect(remember(remember(new Map(), graph), graph).get("workload:shop/a")?.length).toBe(1);
});
