import * as v from "valibot";
import { expect, test } from "vitest";
import { graphDeltaSchema, graphSchema, revisionSchema } from "./schema";

test("a graph from the wire becomes the domain's graph", () => {
  const graph = v.parse(graphSchema, {
    at: 1769000000.5,
    window_seconds: 60,
    nodes: [
      {
        id: "workload:shop/a",
        kind: "workload",
        namespace: "shop",
        name: "a",
        app: "a",
        version: "v1",
        health: "healthy",
        pods_ready: 1,
        pods_desired: 2,
        requests_per_second: 3,
        error_ratio: 0,
        badges: [],
      },
    ],
    edges: [],
  });
  expect(graph.nodes.get("workload:shop/a")).toEqual({
    id: "workload:shop/a",
    kind: "workload",
    namespace: "shop",
    name: "a",
    app: "a",
    version: "v1",
    health: "healthy",
    podsReady: 1,
    podsDesired: 2,
    requestsPerSecond: 3,
    errorRatio: 0,
    badges: [],
  });
});

test("null in a delta stays null", () => {
  expect(v.parse(graphDeltaSchema, { at: 1, nodes: { x: null }, edges: {} })).toEqual({
    at: 1,
    nodes: { x: null },
    edges: {},
  });
});

test("a message of another shape is refused, not shown", () => {
  expect(v.safeParse(graphSchema, { at: 1, nodes: [] }).success).toBe(false);
});

test("times are read as Unix seconds or as dates", () => {
  const times = [1769000000, "2026-01-21T12:53:20Z"].map(
    (created_at) => v.parse(revisionSchema, { number: 1, created_at }).createdAt,
  );
  expect(times).toEqual([1769000000, 1769000000]);
});
