import { expect, test } from "vitest";
import { activeAlerts, countIn, findingPlace, findRules, formatFor, type Rule } from "./rules";
import { unixSeconds } from "./units";

const rule = (name: string, over: Partial<Rule> = {}): Rule => ({
  name,
  query: "up == 0",
  type: "alerting",
  labels: {},
  annotations: {},
  health: "ok",
  lastError: "",
  lastEvaluation: null,
  evaluationTime: 0,
  state: "inactive",
  duration: 0,
  keepFiringFor: 0,
  alerts: [],
  ...over,
});
const alert = (state: string, activeAt: number) => ({
  labels: {},
  annotations: {},
  state,
  activeAt: unixSeconds(activeAt),
  value: 1,
});
const group = (name: string, ...rules: readonly Rule[]) => ({
  name,
  file: "f",
  interval: 30,
  evaluationTime: 0,
  lastEvaluation: null,
  rules,
});

test("rules are found by name, query, label and group, and by how they do", () => {
  const groups = [
    group("shop", rule("Slow", { labels: { severity: "page" }, state: "firing" }), rule("Down")),
    group("mesh", rule("Broken", { health: "err" })),
  ];
  const names = (words: string, state: "all" | "firing" | "unhealthy") =>
    findRules(groups, words, state).map((one) => `${one.name}: ${one.rules.map((r) => r.name)}`);
  expect(names("", "all")).toEqual(["shop: Slow,Down", "mesh: Broken"]);
  expect(names("severity=page", "all")).toEqual(["shop: Slow"]);
  expect(names("SHOP", "firing")).toEqual(["shop: Slow"]);
  expect(names("", "unhealthy")).toEqual(["mesh: Broken"]);
  expect(countIn(groups, "firing")).toBe(1);
});

test("what fires comes first, the oldest of it before all", () => {
  const groups = [
    group("a", rule("A", { alerts: [alert("pending", 1), alert("firing", 5)] })),
    group("b", rule("B", { alerts: [alert("firing", 3)] })),
  ];
  const order = activeAlerts(groups).map(([one, { state }]) => `${one.name} ${state}`);
  expect(order).toEqual(["B firing", "A firing", "A pending"]);
});

test("a finding stands where its path leads, or where the reader says", () => {
  const finding = (path: string, message: string) => ({
    code: "MSH2007",
    severity: "error" as const,
    resource: "",
    path,
    message,
    fix: "",
  });
  const text = "groups:\n- name: a\n  rules:\n  - expr: sum(\n";
  expect(findingPlace(text, finding("groups[0].rules[0].expr", "unclosed"))).toEqual({
    line: 4,
    column: 5,
  });
  expect(findingPlace(text, finding("", "no key, line 2, column 1"))).toEqual({
    line: 2,
    column: 1,
  });
});

test("durations are written as rules write them", () => {
  expect([0, 30, 90, 300, 7200].map(formatFor)).toEqual(["0s", "30s", "90s", "5m", "2h"]);
});
