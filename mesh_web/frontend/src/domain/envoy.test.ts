import { expect, test } from "vitest";
import { formatDay, usualLevel } from "./envoy";
import { unixSeconds } from "./units";

test("a day has its year", () => {
  expect(formatDay(unixSeconds(0))).toBe("1970-01-01 00:00 UTC");
});

test("loggers that differ from the usual level are told by name", () => {
  const loggers = { http: "debug", admin: "warning", router: "trace", upstream: "warning" };
  expect(usualLevel({ level: null, loggers: { ...loggers, pool: "warning" } })).toEqual({
    usual: "warning",
    others: [
      ["http", "debug"],
      ["router", "trace"],
    ],
  });
  expect(usualLevel({ level: null, loggers: {} })).toEqual({ usual: "", others: [] });
});
