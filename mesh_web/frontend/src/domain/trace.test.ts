import { describe, expect, test } from "vitest";
import { isError, type Span, selfTime, servicesOf, type Trace, ticks, waterfall } from "./trace";
import { milliseconds, unixSeconds } from "./units";

function aSpan(
  spanId: string,
  parentId: string,
  depth: number,
  start: number,
  length: number,
): Span {
  return {
    spanId,
    parentId,
    service: spanId.slice(0, 1),
    namespace: "shop",
    workload: "w",
    operation: "GET /",
    kind: "SERVER",
    startMs: milliseconds(start),
    durationMs: milliseconds(length),
    status: "OK",
    attributes: {},
    depth,
  };
}

const root = aSpan("a1", "", 0, 0, 100);
const trace: Trace = {
  traceId: "t",
  start: unixSeconds(1),
  durationMs: milliseconds(100),
  spans: [
    root,
    aSpan("b1", "a1", 1, 10, 40),
    aSpan("c1", "b1", 2, 20, 10),
    aSpan("b2", "a1", 1, 40, 40),
  ],
};

describe("a trace as a waterfall", () => {
  test("spans lie where they happened", () => {
    expect(
      waterfall(trace, new Set()).map((row) => [
        row.span.spanId,
        row.left,
        row.width,
        row.children,
      ]),
    ).toEqual([
      ["a1", 0, 100, 3],
      ["b1", 10, 40, 1],
      ["c1", 20, 10, 0],
      ["b2", 40, 40, 0],
    ]);
  });

  test("a folded span hides what stands below it and nothing else", () => {
    expect(waterfall(trace, new Set(["b1"])).map((row) => row.span.spanId)).toEqual([
      "a1",
      "b1",
      "b2",
    ]);
  });

  test("own time leaves out children, counted once where they overlap", () => {
    expect(selfTime(trace, root)).toBe(30);
  });

  test("services are named in order of appearance", () => {
    expect(servicesOf(trace)).toEqual(["a", "b", "c"]);
  });

  test("a status that says error is one", () => {
    expect([isError(root), isError({ ...root, status: "STATUS_CODE_ERROR" })]).toEqual([
      false,
      true,
    ]);
  });

  test("the axis has round times", () => {
    expect(ticks(milliseconds(61.4), 5)).toEqual([0, 20, 40, 60]);
    expect(ticks(milliseconds(0), 5)).toEqual([0]);
  });
});
