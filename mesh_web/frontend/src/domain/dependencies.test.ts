import { describe, expect, test } from "vitest";
import { type Dependency, errorRatio, lineShape, picture } from "./dependencies";
import { milliseconds } from "./units";

const calls = (parent: string, child: string, count = 1): Dependency => ({
  parent,
  child,
  calls: count,
  errors: 0,
  p50Ms: milliseconds(1),
  p95Ms: milliseconds(1),
  p99Ms: milliseconds(1),
});

const columnsOf = (dependencies: readonly Dependency[]) => {
  const { services } = picture(dependencies);
  const xs = [...new Set(services.map((one) => one.x))].sort((a, b) => a - b);
  return Object.fromEntries(services.map((one) => [one.name, xs.indexOf(one.x)]));
};

describe("services that call each other", () => {
  test("stand right of all that call them", () => {
    expect(columnsOf([calls("a", "b"), calls("b", "c"), calls("a", "c")])).toEqual({
      a: 0,
      b: 1,
      c: 2,
    });
  });

  test("a circle and a service that calls itself are drawn too", () => {
    const round = [calls("a", "b"), calls("b", "a"), calls("b", "b")];
    expect(columnsOf(round)).toEqual({ a: 0, b: 1 });
    expect(
      picture(round)
        .lines.map(lineShape)
        .every((d) => !d.includes("NaN")),
    ).toBe(true);
  });

  test("nothing calls nothing", () => {
    expect(picture([]).services).toEqual([]);
    expect(errorRatio(calls("a", "b", 0))).toBe(0);
  });
});
