import { expect, test } from "vitest";
import {
  formatNumber,
  nameOf,
  numberOf,
  rangeOf,
  stretches,
  ticksOf,
  valueAt,
  windowUntil,
} from "./promql";
import { unixSeconds } from "./units";

const line = (...values: readonly number[]) => ({
  name: "x",
  points: values.map((value, i) => ({ at: unixSeconds(i * 10), value })),
});

test("a series is named as it would be selected", () => {
  expect(nameOf({ __name__: "up", job: 'a"b' })).toBe('up{job="a\\"b"}');
  expect(nameOf({ __name__: "up" })).toBe("up");
  expect(nameOf({})).toBe("{}");
});

test("numbers are read and written, special ones too", () => {
  expect(["+Inf", "-Inf", "1e+21", "0.5"].map(numberOf)).toEqual([
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e21,
    0.5,
  ]);
  expect([0, 1 / 3, 1234567.8, 1e-9, 1e21, Number.NaN].map(formatNumber)).toEqual([
    "0",
    "0.333333",
    "1234570",
    "1.00e-9",
    "1.00e+21",
    "NaN",
  ]);
});

test("ticks are round and cover what is drawn", () => {
  expect(ticksOf(0, 9.3)).toEqual([0, 2, 4, 6, 8, 10]);
  expect(ticksOf(0.12, 0.19)).toEqual([0.12, 0.14, 0.16, 0.18, 0.2]);
  expect(ticksOf(5, 5)).toEqual([5, 6]);
});

test("a plot begins at nought where its values are near it", () => {
  expect(rangeOf([line(1, 10)])).toEqual([0, 10]);
  expect(rangeOf([line(95, 100)])).toEqual([95, 100]);
  expect(rangeOf([line(Number.NaN, Number.POSITIVE_INFINITY)])).toEqual([0, 1]);
});

test("a line is broken where there is nothing to draw", () => {
  const points = [...line(1, 2).points, { at: unixSeconds(100), value: 3 }];
  expect(stretches(points, 10).map((one) => one.map((p) => p.value))).toEqual([[1, 2], [3]]);
});

test("the value under the pointer is that of the nearest moment", () => {
  expect(valueAt(line(1, 2, 3), 12, 10)).toBe(2);
  expect(valueAt(line(1, 2, 3), 200, 10)).toBeNull();
});

test("a window has its moments on multiples of its step", () => {
  expect(windowUntil(unixSeconds(10_007), 3600)).toEqual({ start: 6405, end: 10005, step: 15 });
});
