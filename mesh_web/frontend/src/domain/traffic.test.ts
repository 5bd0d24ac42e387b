import { describe, expect, test } from "vitest";
import { anEdge } from "../testing/samples";
import { flowOf, pathOf, pointAt, roundedPath, STILL } from "./traffic";
import { perSecond, ratio } from "./units";

describe("travelling dots", () => {
  test("an edge without traffic stands still", () => {
    expect(flowOf(anEdge("a", "b", { requestsPerSecond: perSecond(0) }))).toEqual(STILL);
  });

  test("more traffic means more and faster dots, within bounds", () => {
    const [slow, fast, mad] = [1, 100, 1e9].map((rate) =>
      flowOf(anEdge("a", "b", { requestsPerSecond: perSecond(rate), errorRatio: ratio(0.1) })),
    );
    expect((slow?.dotsPerSecond ?? 0) < (fast?.dotsPerSecond ?? 0)).toBe(true);
    expect(mad).toEqual({ dotsPerSecond: 5, pixelsPerSecond: 190, errorRatio: 0.1 });
  });

  test("a dot follows the bends of its path", () => {
    const path = pathOf([
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 10 },
    ]);
    expect(path.length).toBe(20);
    expect([0, 5, 15, 99].map((at) => pointAt(path, at))).toEqual([
      { x: 0, y: 0 },
      { x: 5, y: 0 },
      { x: 10, y: 5 },
      { x: 10, y: 10 },
    ]);
  });

  test("corners are rounded, no wider than half of their legs", () => {
    expect(
      roundedPath(
        [
          { x: 0, y: 0 },
          { x: 10, y: 0 },
          { x: 10, y: 40 },
        ],
        8,
      ),
    ).toBe("M0,0L5,0Q10,0 10,5L10,40");
  });
});
