import { describe, expect, test } from "vitest";
import { contains, findRows, findServed, madeBy, routeRows } from "./dump";

const ORIGIN = "VirtualService shop/reviews spec.http[1].match[0]";
const METADATA = { filter_metadata: { meshweb: { origin: ORIGIN } } };
const ROUTES = {
  name: "http.80",
  virtual_hosts: [
    {
      name: "reviews.shop:80",
      domains: ["reviews", "reviews.shop"],
      routes: [
        {
          name: "canary",
          match: { prefix: "/api", headers: [{ name: "end-user" }] },
          route: {
            weighted_clusters: {
              clusters: [
                { name: "v1", weight: 90 },
                { name: "v2", weight: 10 },
              ],
            },
          },
          metadata: METADATA,
        },
        { match: { path: "/old" }, redirect: {} },
        { match: { safe_regex: { regex: "/x.+" } }, direct_response: { status: 404 } },
      ],
    },
  ],
};

describe("what a proxy is served", () => {
  test("a route names the resource that made it", () => {
    const origin = {
      kind: "VirtualService",
      namespace: "shop",
      name: "reviews",
      path: "spec.http[1].match[0]",
    };
    const common = { host: "reviews.shop:80", domains: ["reviews", "reviews.shop"] };
    expect(routeRows(ROUTES)).toEqual([
      {
        ...common,
        name: "canary",
        match: "/api* with end-user",
        action: "v1 90, v2 10",
        madeBy: origin,
      },
      { ...common, name: "", match: "= /old", action: "redirect", madeBy: null },
      { ...common, name: "", match: "~ /x.+", action: "answer 404", madeBy: null },
    ]);
  });

  test("rules are found by what they match and by what made them; a miss shows all", () => {
    const rows = routeRows(ROUTES);
    const found = (words: string) => findRows(rows, words).map((row) => row.match);
    expect(found("shop/reviews")).toEqual(["/api* with end-user"]);
    expect(found("REDIRECT")).toEqual(["= /old"]);
    expect(found("request_headers").length).toBe(3);
  });

  test("what has no origin, or none that can be read, has no maker", () => {
    const odd = { metadata: { filter_metadata: { meshweb: { origin: "by hand" } } } };
    expect([madeBy(null), madeBy({}), madeBy(odd)]).toEqual([null, null, null]);
  });

  test("search looks at keys and values, whatever their case", () => {
    expect(contains(ROUTES, "END-USER")).toBe(true);
    expect(contains(ROUTES, "safe_regex")).toBe(true);
    expect(contains(ROUTES, "nowhere")).toBe(false);
    const served = [
      { name: "http.80", version: "1", config: ROUTES },
      { name: "secret", version: "2", config: null },
    ];
    expect(findServed(served, "canary").map((one) => one.name)).toEqual(["http.80"]);
    expect(findServed(served, "secr").map((one) => one.name)).toEqual(["secret"]);
    expect(findServed(served, "")).toEqual(served);
  });
});
