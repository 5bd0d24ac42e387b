import { expect, test } from "vitest";
import {
  type Condition,
  conditionHelp,
  conditionTone,
  findResources,
  kindsOf,
  momentOf,
  type Resource,
  resourceTitle,
  whenWords,
  worstOf,
} from "./resources";

const condition = (type: string, status: string, reason = type): Condition => ({
  type,
  status,
  reason,
  message: "",
});
const resource = (kind: string, name: string, over: Partial<Resource> = {}): Resource => ({
  kind,
  apiVersion: "v1",
  namespace: "shop",
  name,
  version: 1,
  expiresAt: null,
  findings: [],
  revision: 1,
  state: "converged",
  addresses: [],
  groups: [],
  shown: null,
  ...over,
});
const finding = (severity: "error" | "warning" | "info") => ({
  code: "KIA1",
  severity,
  resource: "",
  path: "",
  message: "",
  fix: "",
});

test("a condition is well when it is true, unless it names a problem", () => {
  const tones = [
    condition("Accepted", "True"),
    condition("ResolvedRefs", "False", "BackendNotFound"),
    condition("Conflicted", "False", "NoConflicts"),
    condition("Conflicted", "True", "HostnameConflict"),
  ].map(conditionTone);
  expect(tones).toEqual(["good", "bad", "good", "warning"]);
  expect(conditionHelp(condition("Conflicted", "False", "NoConflicts"))).toBe("");
  expect(conditionHelp(condition("ResolvedRefs", "False", "RefNotPermitted"))).toContain(
    "ReferenceGrant",
  );
});

test("the worst that is said of a resource counts, conditions too", () => {
  const groups = [{ title: "", detail: "", conditions: [condition("Accepted", "False")] }];
  expect([
    worstOf(resource("A", "a")),
    worstOf(resource("A", "a", { findings: [finding("info"), finding("warning")] })),
    worstOf(resource("A", "a", { groups })),
    worstOf(resource("A", "a", { groups, findings: [finding("error")] })),
  ]).toEqual([null, "warning", "warning", "error"]);
});

test("resources are found by kind, namespace, name and trouble", () => {
  const all = [
    resource("Service", "cart"),
    resource("VirtualService", "cart", { findings: [finding("warning")] }),
    resource("Namespace", "shop", { namespace: "" }),
  ];
  const found = (over: object) =>
    findResources(all, { words: "", kind: "", namespace: "", troubled: false, ...over }).map(
      (one) => `${one.kind} ${one.name}`,
    );
  expect(found({ words: "shop/CART" })).toEqual(["Service cart", "VirtualService cart"]);
  expect(found({ kind: "Namespace" })).toEqual(["Namespace shop"]);
  expect(found({ namespace: "shop", troubled: true })).toEqual(["VirtualService cart"]);
  expect(kindsOf(all)).toEqual(["Namespace", "Service", "VirtualService"]);
});

test("a moment is asked for in UTC, and told in words", () => {
  expect([momentOf(""), momentOf("no"), momentOf("2026-01-02T03:04:05Z")]).toEqual([
    "",
    "",
    "2026-01-02T03:04:05Z",
  ]);
  expect(whenWords("7")).toBe("at revision 7");
});

test("a resource of the whole cluster is named without a namespace", () => {
  expect(resourceTitle(resource("Service", "reviews"))).toBe("Service shop/reviews");
  expect(resourceTitle(resource("Namespace", "shop", { namespace: "" }))).toBe("Namespace shop");
});
