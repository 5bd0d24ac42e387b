import { expect, test } from "vitest";
import { formatValue, neighbours } from "./comparedRevisions";

test("the two newest are compared first, the first of all with nothing", () => {
  expect([neighbours([3, 9, 4]), neighbours([1]), neighbours([])]).toEqual([
    [4, 9],
    [0, 1],
    [0, 0],
  ]);
});

test("a value stands in one line", () => {
  expect([formatValue("a"), formatValue(90), formatValue({ host: "a" })]).toEqual([
    "a",
    "90",
    '{"host":"a"}',
  ]);
  expect(formatValue("x".repeat(200))).toHaveLength(121);
});
