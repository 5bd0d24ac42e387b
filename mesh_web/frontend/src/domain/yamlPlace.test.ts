import { expect, test } from "vitest";
import { documentOf, placeInMessage, placeOf } from "./yamlPlace";

const RULES = `groups:
# a comment: with a colon
- name: a
  rules:
  - record: x:y
    expr: |
      sum(
        rate(a[1m]))
    labels: {team: web}
  - alert: B
    annotations:
      summary: "it: burns"
    "for": 1x
`;

test("a path is found by keys and places in lists, however deep the lists stand", () => {
  expect(
    [
      "groups",
      "groups[0].rules[0].expr",
      "groups[0].rules[1]",
      "groups[0].rules[1].for",
      "groups[0].rules[1].annotations.summary",
    ].map((path) => placeOf(RULES, path)),
  ).toEqual([
    { line: 1, column: 1 },
    { line: 6, column: 5 },
    { line: 10, column: 3 },
    { line: 13, column: 5 },
    { line: 12, column: 7 },
  ]);
});

test("of what is not there the nearest that is there is told", () => {
  expect(placeOf(RULES, "groups[0].rules[0].labels.team")).toEqual({ line: 9, column: 5 });
  expect(placeOf(RULES, "groups[0].rules[1].expr")).toEqual({ line: 10, column: 3 });
  expect(placeOf(RULES, "rules")).toBe(null);
  expect(placeOf("", "rules")).toBe(null);
});

test("lists in lists are items of items", () => {
  expect(placeOf("a:\n  - - x: 1\n    - y: 2\n", "a[0][1].y")).toEqual({ line: 3, column: 7 });
});

test("what a YAML reader says last is the place", () => {
  const message = 'in "<unicode string>", line 1, column 1 did not find key, line 4, column 2';
  expect(placeInMessage(message)).toEqual({ line: 4, column: 2 });
  expect(placeInMessage("expr is required")).toBe(null);
});

test("the document of a resource is found among several", () => {
  const text = `kind: Service
metadata: {name: a, namespace: shop}
---
kind: VirtualService
metadata:
  name: a.b
spec:
  http: []
`;
  const found = documentOf(text, { kind: "VirtualService", name: "a.b" });
  expect(found === null ? null : placeOf(found.text, "spec.http", found.firstLine)).toEqual({
    line: 8,
    column: 3,
  });
  expect(documentOf(text, { kind: "Service", name: "a" })?.firstLine).toBe(1);
  expect(documentOf(text, { kind: "Service", name: "b" })).toBe(null);
});
