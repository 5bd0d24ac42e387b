import { expect, test } from "vitest";
import { countTargets, poolsOf, type Target, type Targets } from "./targets";

const target = (scrapePool: string, health: string, port: number): Target => ({
  scrapePool,
  scrapeUrl: `http://127.0.0.1:${port}/metrics`,
  labels: { job: scrapePool, instance: `127.0.0.1:${port}` },
  discoveredLabels: {},
  health,
  lastError: health === "down" ? "connection refused" : "",
  lastScrape: null,
  lastScrapeDuration: 0.002,
  scrapeInterval: "15s",
  scrapeTimeout: "10s",
});
const targets: Targets = {
  active: [target("pods", "up", 1), target("pods", "down", 2), target("files", "up", 3)],
  dropped: [{ scrapePool: "pods", discoveredLabels: { __address__: "127.0.0.1:4" } }],
  droppedCounts: { pods: 7, gone: 2 },
};
const told = (words: string, state: "all" | "up" | "down") =>
  poolsOf(targets, words, state).map(
    (pool) =>
      `${pool.name} ${pool.up}/${pool.total} -${pool.dropped}: ${pool.targets.map((one) => one.scrapeUrl.slice(17, 18))}`,
  );

test("targets stand in pools, those that fail first, with what was left out", () => {
  expect(told("", "all")).toEqual(["files 1/1 -0: 3", "gone 0/0 -2: ", "pods 1/2 -7: 2,1"]);
});

test("targets are found by health, address, label and error; other pools are left out", () => {
  expect(told("", "down")).toEqual(["pods 1/2 -7: 2"]);
  expect(told("REFUSED", "all")).toEqual(["pods 1/2 -7: 2"]);
  expect(told("job=files", "up")).toEqual(["files 1/1 -0: 3"]);
  expect(told("nothing", "all")).toEqual([]);
  expect(countTargets(targets, "up")).toBe(2);
});
