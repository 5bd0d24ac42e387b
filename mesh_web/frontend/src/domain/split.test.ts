import { expect, test } from "vitest";
import { aGraph, aNode, anEdge } from "../testing/samples";
import { measuredSplit } from "./split";
import { perSecond } from "./units";

const versions = [
  { version: "v1", workload: "payments-v1" },
  { version: "v2", workload: "payments-v2" },
];
const V1 = "workload:shop/payments-v1";
const V2 = "workload:shop/payments-v2";

test("the measured split is the share of requests that arrived at each version", () => {
  const graph = aGraph(
    [aNode(V1), aNode(V2)],
    [
      anEdge("service:shop/payments", V1, { requestsTotal: 90, requestsPerSecond: perSecond(9) }),
      anEdge("service:shop/payments", V2, { requestsTotal: 10, requestsPerSecond: perSecond(1) }),
      anEdge(V1, "service:shop/ledger", { requestsTotal: 500 }),
    ],
  );
  expect(measuredSplit(graph, "shop", versions)).toEqual([
    { version: "v1", share: 0.9, requests: 90, requestsPerSecond: 9 },
    { version: "v2", share: 0.1, requests: 10, requestsPerSecond: 1 },
  ]);
});

test("without traffic every share is nothing", () => {
  expect(measuredSplit(aGraph([]), "shop", versions).map((one) => one.share)).toEqual([0, 0]);
});
