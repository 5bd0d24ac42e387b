import { describe, expect, test } from "vitest";
import {
  askedLogs,
  explainOf,
  formatLogView,
  type LogEntry,
  levelOf,
  lineOf,
  parseLogView,
} from "./logs";
import { milliseconds, unixSeconds } from "./units";

const TRACE = "0123456789abcdef0123456789abcdef";

const entry = (change: Partial<LogEntry>): LogEntry => ({
  kind: "access",
  time: unixSeconds(1),
  traceId: "",
  spanId: "",
  namespace: "shop",
  workload: "reviews-v3",
  severity: "",
  body: "",
  durationMs: milliseconds(0),
  attributes: {},
  ...change,
});

const call = entry({
  attributes: {
    reporter: "source",
    method: "GET",
    authority: "ratings.shop:8080",
    path: "/ratings/notebook",
    response_code: "503",
    response_flags: "UH",
    response_code_details: "no_healthy_upstream",
    duration_ms: "9",
    destination_workload: "-",
    upstream_cluster: "outbound|8080||ratings.shop.svc.cluster.local",
  },
});

describe("logs", () => {
  test("an access log reads as a request", () => {
    expect(lineOf(call)).toBe(
      "503  GET ratings.shop:8080/ratings/notebook  to outbound|8080||ratings.shop.svc.cluster.local  9 ms  UH  no_healthy_upstream",
    );
    expect(
      lineOf(
        entry({
          attributes: {
            reporter: "destination",
            bytes_received: "26",
            bytes_sent: "5",
            downstream_peer: "spiffe://cluster.local/ns/shop/sa/cart",
            duration_ms: "8",
          },
        }),
      ),
    ).toBe("TCP 26 B in, 5 B out  from shop/cart  8 ms");
  });

  test("an application's words and a span's name stand as they are", () => {
    expect(lineOf(entry({ kind: "log", body: "<script>" }))).toBe("<script>");
    expect(lineOf(entry({ kind: "span", body: "GET /", durationMs: milliseconds(3) }))).toBe(
      "GET / 3 ms",
    );
  });

  test("how bad a record is, is seen", () => {
    expect(
      [
        call,
        entry({ kind: "log", severity: "WARNING" }),
        entry({ attributes: { response_code: "0", response_flags: "DC" } }),
        entry({ attributes: { response_code: "200", response_flags: "-" } }),
      ].map(levelOf),
    ).toEqual(["error", "warning", "error", "plain"]);
  });

  test("an outbound request can be explained, others not", () => {
    expect(explainOf(call)).toBe(
      "/explain?source=shop%2Freviews-v3&method=GET&url=http%3A%2F%2Fratings.shop%3A8080%2Fratings%2Fnotebook",
    );
    expect(explainOf(entry({ kind: "log" }))).toBeNull();
  });

  test("the address holds the view, and the records of a trace are looked for further back", () => {
    const read = (query: string) => parseLogView(new URLSearchParams(query));
    expect(formatLogView(read(""))).toBe("");
    expect(read(`?trace=${TRACE}`)).toMatchObject({
      kinds: ["access", "log", "span"],
      lookback: "7d",
    });
    const query = "?workload=shop%2Fcart&q=x&kinds=log&lookback=6h&live=0";
    expect(formatLogView(read(query))).toBe(query);
    expect(askedLogs(read(query)).toString()).toBe(
      "namespace=shop&workload=cart&q=x&kind=log&lookback=6h",
    );
  });
});
