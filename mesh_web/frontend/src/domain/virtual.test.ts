import { describe, expect, test } from "vitest";
import { offsetOf, scrollTo, shownRows } from "./virtual";

const rows = { count: 10_000, rowHeight: 30, extra: new Map([[5, 300]]) };

describe("a long list", () => {
  test("draws what is seen and a little around it", () => {
    expect(shownRows(rows, { top: 0, height: 600 })).toEqual({
      first: 0,
      end: 5 + 1 + 4 + 1 + 12,
      above: 0,
      total: 300_300,
    });
    expect(shownRows(rows, { top: 150_000, height: 600 })).toEqual({
      first: 4978,
      end: 5023,
      above: 149_640,
      total: 300_300,
    });
  });

  test("a row that is open pushes down those below it", () => {
    expect([offsetOf(rows, 5), offsetOf(rows, 6)]).toEqual([150, 480]);
    expect(shownRows(rows, { top: 400, height: 10 }).first).toBe(0);
  });

  test("the end is drawn too, and nothing beyond it", () => {
    expect(shownRows(rows, { top: 299_700, height: 600 }).end).toBe(10_000);
    expect(shownRows({ ...rows, count: 3, extra: new Map() }, { top: 0, height: 600 })).toEqual({
      first: 0,
      end: 3,
      above: 0,
      total: 90,
    });
  });

  test("scrolling to a row moves only where it is not seen", () => {
    expect(scrollTo(rows, 2, { top: 0, height: 600 })).toBeNull();
    expect(scrollTo(rows, 0, { top: 100, height: 600 })).toBe(0);
    expect(scrollTo(rows, 100, { top: 0, height: 600 })).toBe(2730);
  });
});
