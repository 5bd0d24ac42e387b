import { describe, expect, test } from "vitest";
import { type ComparedStep, difference, totals } from "./comparison";
import { milliseconds } from "./units";

function step(spansA: number, spansB: number, selfA = 0, selfB = 0): ComparedStep {
  const side = (spans: number, self: number) => ({
    spans,
    errors: 0,
    totalMs: milliseconds(self),
    selfMs: milliseconds(self),
  });
  return { depth: 0, service: "s", operation: "o", a: side(spansA, selfA), b: side(spansB, selfB) };
}

describe("two traces side by side", () => {
  test("steps are missing, new, fewer, more or the same", () => {
    expect([step(1, 0), step(0, 2), step(3, 1), step(1, 3), step(2, 2)].map(difference)).toEqual([
      "only-a",
      "only-b",
      "fewer",
      "more",
      "same",
    ]);
  });

  test("the sums say how much differs", () => {
    expect(totals([step(1, 0, 4, 0), step(0, 2, 0, 1), step(1, 2, 1, 9), step(1, 1)])).toEqual({
      onlyA: 1,
      onlyB: 1,
      changed: 1,
      largestMs: 8,
    });
    expect(totals([]).largestMs).toBe(0.001);
  });
});
