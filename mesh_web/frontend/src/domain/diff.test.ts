import { expect, test } from "vitest";
import { lineDiff } from "./diff";

const drawn = (before: string | null, after: string | null) =>
  lineDiff(before, after).map(
    ({ kind, text }) => ({ same: " ", added: "+", removed: "-" })[kind] + text,
  );

test("a changed line is one removed and one added", () => {
  expect(drawn("a\nweight: 90\nb\n", "a\nweight: 80\nb\n")).toEqual([
    " a",
    "-weight: 90",
    "+weight: 80",
    " b",
  ]);
});

test("a text that did not exist is all added, one that is gone all removed", () => {
  expect(drawn(null, "a\nb\n")).toEqual(["+a", "+b"]);
  expect(drawn("a\n", null)).toEqual(["-a"]);
});

test("lines carry their numbers on both sides", () => {
  expect(lineDiff("a\nb", "b").map(({ before, after }) => [before, after])).toEqual([
    [1, null],
    [2, 1],
  ]);
});
