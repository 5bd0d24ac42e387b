import { describe, expect, test } from "vitest";
import { DEFAULT_VIEW, formatView, parseView, type View } from "./view";

const read = (text: string): View => parseView(new URLSearchParams(text));

describe("a shareable view", () => {
  test("the default view needs no words", () => {
    expect(formatView(DEFAULT_VIEW)).toBe("");
    expect(read("")).toEqual(DEFAULT_VIEW);
  });

  test("what is written is read back", () => {
    const view: View = {
      selected: "workload:shop/a->service:shop/b|http",
      windowSeconds: 10,
      namespaces: ["istio-ingress", "shop"],
      metric: "p95",
      idleNodes: false,
      serviceNodes: false,
      labels: false,
      own: true,
      graphType: "versionedApp" as const,
      at: 1_769_000_000,
    };
    expect(read(formatView(view))).toEqual(view);
  });

  test("what is not known is the default", () => {
    expect(read("window=7&metric=luck")).toEqual(DEFAULT_VIEW);
  });
});
