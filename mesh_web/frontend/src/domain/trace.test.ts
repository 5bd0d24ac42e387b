import { describe, expect, test } from "vitest";
import {
  ancestors,
  descendants,
  findSpans,
  foldedBelow,
  isError,
  type Section,
  type Span,
  servicesOf,
  type Trace,
  ticks,
  ticksBetween,
  visible,
  waterfall,
} from "./trace";
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
    selfMs: milliseconds(0),
    status: "OK",
    message: "",
    attributes: {},
    resource: {},
    scope: "",
    events: [],
    links: [],
    depth,
  };
}

const section = (span: number, start: number, end: number): Section => ({
  span,
  startMs: milliseconds(start),
  endMs: milliseconds(end),
});

const root = aSpan("a1", "", 0, 0, 100);
const trace: Trace = {
  traceId: "t",
  start: unixSeconds(1),
  durationMs: milliseconds(100),
  spans: [
    root,
    aSpan("b1", "a1", 1, 10, 40),
    { ...aSpan("c1", "b1", 2, 20, 10), attributes: { "http.route": "/Pay" }, status: "ERROR" },
    aSpan("b2", "a1", 1, 40, 40),
  ],
  criticalPath: [
    section(0, 80, 100),
    section(3, 40, 80),
    section(1, 30, 40),
    section(2, 20, 30),
    section(1, 10, 20),
    section(0, 0, 10),
  ],
};

describe("a trace as a waterfall", () => {
  test("spans lie where they happened", () => {
    expect(
      waterfall(trace, new Set()).map((row) => [
        row.span.spanId,
        row.bar.left,
        row.bar.width,
        row.below,
      ]),
    ).toEqual([
      ["a1", 0, 100, 3],
      ["b1", 10, 40, 1],
      ["c1", 20, 10, 0],
      ["b2", 40, 40, 0],
    ]);
  });

  test("a part of the time is drawn as wide as the whole", () => {
    const rows = waterfall(trace, new Set(), { from: 0.4, to: 0.8 });
    expect(rows[3]?.bar).toEqual({ left: 0, width: 100 });
    expect(rows[2]?.bar.left).toBeCloseTo(-50);
    expect(rows.map((row) => Math.round(visible(row.bar)?.width ?? -1))).toEqual([
      100, 25, -1, 100,
    ]);
  });

  test("a folded span hides what stands below it and nothing else", () => {
    expect(waterfall(trace, new Set([1])).map((row) => row.span.spanId)).toEqual([
      "a1",
      "b1",
      "b2",
    ]);
  });

  test("each span shows when the trace waited for it", () => {
    expect(waterfall(trace, new Set())[1]?.critical).toEqual([
      { left: 10, width: 10 },
      { left: 30, width: 10 },
    ]);
  });

  test("a folded span waits for what it hides", () => {
    expect(waterfall(trace, new Set([1]))[1]?.critical).toEqual([{ left: 10, width: 30 }]);
  });

  test("two spans of one id fold each for itself", () => {
    const twice: Trace = { ...trace, spans: [root, root, aSpan("x", "a1", 1, 0, 1)] };
    expect(waterfall(twice, new Set([0])).map((row) => row.index)).toEqual([0, 1, 2]);
    expect(waterfall(twice, new Set([1])).map((row) => row.index)).toEqual([0, 1]);
  });

  test("descendants are counted, and ten thousand levels are no more work than ten", () => {
    const deep = Array.from({ length: 10_000 }, (_, i) => aSpan(`s${i}`, "", i, 0, 1));
    expect(descendants(deep)[0]).toBe(9999);
    expect(descendants(trace.spans)).toEqual([3, 1, 0, 0]);
  });

  test("everything from a depth on folds, and what is found shows by its ancestors", () => {
    expect([...foldedBelow(trace, 1)]).toEqual([1]);
    expect(ancestors(trace.spans, 2)).toEqual([1, 0]);
  });

  test("words are looked for in names and attributes, all of them", () => {
    expect(findSpans(trace, "http.route=/pay")).toEqual([2]);
    expect(findSpans(trace, "get b")).toEqual([1, 3]);
    expect(findSpans(trace, "error")).toEqual([2]);
    expect(findSpans(trace, " ")).toEqual([]);
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
    expect(ticksBetween(12, 31, 4)).toEqual([15, 20, 25, 30]);
    expect(ticksBetween(0, Number.NaN, 4)).toEqual([0]);
  });
});
