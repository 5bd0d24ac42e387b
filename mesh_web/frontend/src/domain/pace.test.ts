import { expect, test } from "vitest";
import type { Revision } from "./mesh";
import { paceOf, paceScale } from "./pace";
import { milliseconds } from "./units";

const revision = (number: number, ms: number | null) =>
  ({
    number,
    state: "converged",
    p50Ms: ms === null ? null : milliseconds(ms),
    p99Ms: ms === null ? null : milliseconds(ms * 2),
  }) as Revision;

test("the newest revisions that proxies have are told, oldest first", () => {
  const known = [revision(4, 40), revision(3, null), revision(2, 20), revision(1, 10)];
  expect(paceOf(known, 2)).toEqual([
    { number: 2, state: "converged", p50: 20, p99: 40 },
    { number: 4, state: "converged", p50: 40, p99: 80 },
  ]);
});

test("the plot begins at nought and holds the slowest", () => {
  const { x, y, ticks } = paceScale(paceOf([revision(2, 20), revision(1, 10)], 9));
  expect([ticks[0], ticks[ticks.length - 1]]).toEqual([0, 40]);
  expect([y(0), y(40), x(0), x(1)]).toEqual([1, 0, 0.25, 0.75]);
});
