import { describe, expect, test } from "vitest";
import { choose, formatTraceView, parseTraceView } from "./traceView";

const read = (query: string) => parseTraceView(new URLSearchParams(query));

describe("the traces page in the address bar", () => {
  test("an empty address is the newest traces of a quarter of an hour", () => {
    expect(formatTraceView(read(""))).toBe("");
    expect(read("")).toMatchObject({ lookback: "15m", limit: 100, tab: "list", end: null });
  });

  test("everything that is set comes back", () => {
    const id = "0123456789abcdef0123456789abcdef";
    const query = `?service=a&min=1.5&max=20&q=error+OR+x%3D%22%26%22&error=1&lookback=6h&end=1700000000&limit=20&tab=groups&chosen=${id}`;
    expect(read(formatTraceView(read(query)))).toEqual(read(query));
    expect(read(query)).toMatchObject({ q: 'error OR x="&"', chosen: [id], tab: "groups" });
  });

  test("what nobody could mean is left out", () => {
    expect(
      formatTraceView(read("?min=-1&max=x&lookback=9y&tab=z&end=NaN&limit=7&chosen=1,2")),
    ).toBe("");
  });

  test("two traces are chosen at most, the latest ones", () => {
    expect(choose(choose(choose([], "a"), "b"), "c")).toEqual(["b", "c"]);
    expect(choose(["a", "b"], "a")).toEqual(["b"]);
  });
});
