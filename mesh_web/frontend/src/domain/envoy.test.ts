import { expect, test } from "vitest";
import { usualLevel } from "./envoy";

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
