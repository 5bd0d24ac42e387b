import { expect, test } from "vitest";
import { type Check, troubles } from "./readiness";

const check = (name: string, ok: boolean): Check => ({
  name,
  ok,
  said: "12 of 100 MiB free, 512 kept",
  mend: "make room",
});

test("what keeps people from their work is one sentence and how to mend it", () => {
  expect(
    troubles([check("disk", false), check("store disk default", false), check("store", false)]),
  ).toEqual([
    "The configuration's disk is full or nearly so: 12 of 100 MiB free, 512 kept. Make room.",
    "The store's disk is full or nearly so: 12 of 100 MiB free, 512 kept. Make room.",
    "There are no traces, metrics and logs for now: 12 of 100 MiB free, 512 kept. Make room.",
  ]);
});

test("what is well, and what only an operator minds, is not told", () => {
  expect(troubles([check("disk", true), check("open files", false), check("keys", false)])).toEqual(
    [],
  );
});

test("a check that knows no remedy ends with what it found", () => {
  expect(troubles([{ ...check("database", false), said: "it is away", mend: "" }])).toEqual([
    "The configuration's database takes no changes: it is away.",
  ]);
});
