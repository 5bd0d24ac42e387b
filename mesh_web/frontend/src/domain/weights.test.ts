import { describe, expect, test } from "vitest";
import { numbers } from "../testing/samples";
import { percent } from "./units";
import { sameWeights, withWeight } from "./weights";

const of = (weights: Record<string, number>) =>
  Object.fromEntries(Object.entries(weights).map(([name, n]) => [name, percent(n)]));

describe("linked weights", () => {
  test("two versions mirror each other", () => {
    expect(withWeight(of({ v1: 90, v2: 10 }), "v2", 25)).toEqual({ v1: 75, v2: 25 });
  });

  test("the others keep their proportions", () => {
    expect(withWeight(of({ v1: 60, v2: 30, v3: 10 }), "v3", 40)).toEqual({
      v1: 40,
      v2: 20,
      v3: 40,
    });
  });

  test("others that are all zero share evenly", () => {
    expect(withWeight(of({ v1: 100, v2: 0, v3: 0 }), "v1", 40)).toEqual({ v1: 40, v2: 30, v3: 30 });
  });

  test("a lone version has everything", () => {
    expect(withWeight(of({ v1: 100 }), "v1", 20)).toEqual({ v1: 100 });
  });

  test("the sum is always 100 and no weight leaves 0 to 100", () => {
    const random = numbers(7);
    let weights = of({ v1: 34, v2: 33, v3: 33 });
    for (let i = 0; i < 500; i++) {
      weights = withWeight(weights, `v${1 + Math.floor(random() * 3)}`, random() * 140 - 20);
      const values = Object.values(weights);
      expect(values.reduce((a, b) => a + b, 0)).toBe(100);
      expect(values.every((n) => n >= 0 && n <= 100 && Number.isInteger(n))).toBe(true);
    }
  });

  test("weights are the same when every version's is", () => {
    expect(sameWeights(of({ v1: 1, v2: 2 }), of({ v2: 2, v1: 1 }))).toBe(true);
    expect(sameWeights(of({ v1: 1 }), of({ v1: 1, v2: 0 }))).toBe(false);
  });
});
