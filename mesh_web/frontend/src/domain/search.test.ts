import { expect, test } from "vitest";
import { aNode } from "../testing/samples";
import { findNodes } from "./search";

const nodes = ["workload:shop/payments-v1", "service:shop/payments", "workload:bank/prepay"].map(
  (id) => aNode(id),
);

test("nodes are found by parts of their names, the closest first", () => {
  expect(findNodes(nodes, "pay").map((node) => node.id)).toEqual([
    "service:shop/payments",
    "workload:shop/payments-v1",
    "workload:bank/prepay",
  ]);
  expect(findNodes(nodes, "shop service").map((node) => node.id)).toEqual([
    "service:shop/payments",
  ]);
  expect(findNodes(nodes, "  ")).toEqual([]);
});
